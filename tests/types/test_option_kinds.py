"""What type checkers are told of the kinds of options is what `get` returns."""

from typing import get_args

import pytest

from zmqlite import _typing
from zmqlite.constants import SocketOption, _OptType


@pytest.mark.parametrize(
    ("told", "kinds"),
    [
        (_typing.BytesOption, {_OptType.bytes}),
        (_typing.IntOption, {_OptType.int, _OptType.int64, _OptType.fd}),
    ],
)
def test_every_option_is_told_by_its_kind(told, kinds):
    assert set(get_args(told)) == {option for option in SocketOption if option._opt_type in kinds}
