# SPDX-License-Identifier: Apache-2.0
"""Transactions as every engine has them: begun late, joined when nested, all or nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from memagent.errors import StoreError
from memagent.memory.store.config import StoreConfig


class Transactions(ABC):
    """Base of a store. Once anything has failed inside, nothing can be committed."""

    def __init__(self, name: str, config: StoreConfig) -> None:
        self.name = name
        self.config = config
        self._depth = 0
        self._begun = False
        self._failed = False

    @property
    def dirty(self) -> bool:
        """Whether the running transaction has written anything yet."""
        return self._begun

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside are committed together, or none if anything raises.

        Nothing is begun, locked or synced before the first write. Nested use joins the outer one.
        """
        self._depth += 1
        try:
            yield
            if self._failed:
                raise StoreError(f"{self.name}: a part of this transaction failed; none is kept")
            if self._depth == 1 and self._begun:
                self._commit()
        except BaseException:
            self._failed = True
            if self._depth == 1 and self._begun:
                self._roll_back()
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._begun = self._failed = False

    def _writing(self) -> None:
        """Begin, unless that is done; called before each write."""
        if self._depth == 0:
            raise StoreError(f"{self.name}: writes need a transaction")
        if self.config.read_only:
            raise StoreError(f"{self.name}: was opened read-only; open it without read_only=True")
        if self._failed:
            raise StoreError(f"{self.name}: a part of this transaction failed; none is kept")
        if not self._begun:
            self._begin()
            self._begun = True

    @abstractmethod
    def _begin(self) -> None: ...

    @abstractmethod
    def _commit(self) -> None: ...

    @abstractmethod
    def _roll_back(self) -> None:
        """Undo what was begun; the failure that led here is the one to report, so never raise."""
