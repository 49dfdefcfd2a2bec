# SPDX-License-Identifier: Apache-2.0
"""Whose memories there are on a server."""

from __future__ import annotations

import psycopg

from memagent.memory.store.config import StoreConfig
from memagent.memory.store.postgres.namespace import names
from memagent.memory.store.postgres.session import Session, connect, described, explained


class Directory:
    """Lists a server's namespaces; connects again after the server went away."""

    def __init__(self, dsn: str, config: StoreConfig) -> None:
        self.name = described(dsn, "all")
        self._dsn = dsn
        self._config = config
        self._session: Session | None = None
        self.names()

    def names(self) -> tuple[str, ...]:
        """Every namespace that is a memory and may be read, in order.

        Raises:
            StoreError: the server does not answer; the next call connects again.
        """
        if self._session is None or self._session.closed:
            self._session = connect(self._dsn, self._config, self.name)
        try:
            return names(self._session)
        except psycopg.Error as error:
            raise explained(error, self.name, self._session) from error

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        if self._session is not None:
            self._session.close()
            self._session = None
