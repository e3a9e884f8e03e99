"""Z85: the text form of keys, by the vectors of RFC 32 and by what it refuses."""

import array
import random
import struct

import pytest

from zmqlite.utils import z85

VECTORS = {
    bytes.fromhex("864FD26FB559F75B"): b"HelloWorld",
    bytes.fromhex(
        "BB88471D65E2659B30C55A5321CEBB5AAB2B70A398645C26DCA2B2FCB43FC518"
    ): b"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
    b"": b"",
    b"\0\0\0\0": b"00000",
    b"\xff\xff\xff\xff": b"%nSc0",
}


@pytest.mark.parametrize("raw", VECTORS)
def test_vectors(raw):
    assert z85.encode(raw) == VECTORS[raw]
    assert z85.decode(VECTORS[raw]) == raw
    assert z85.decode(VECTORS[raw].decode()) == raw


def test_all_bytes_come_back():
    for size in range(0, 400, 4):
        raw = random.randbytes(size)
        text = z85.encode(raw)
        assert len(text) * 4 == len(raw) * 5
        assert set(text) <= set(z85.Z85CHARS)
        assert z85.decode(text) == raw, raw.hex()


def test_any_buffer_will_do():
    raw = bytes(range(8))
    text = z85.encode(raw)
    assert z85.encode(bytearray(raw)) == z85.encode(memoryview(raw)) == text
    assert z85.encode(array.array("I", raw)) == text
    assert z85.decode(memoryview(text)) == raw


@pytest.mark.parametrize("count", [1, 3, 5, 33])
def test_a_count_that_is_no_multiple_is_refused(count):
    with pytest.raises(ValueError, match=str(count)):
        z85.encode(bytes(count))
    with pytest.raises(ValueError, match=str(count + 1)):
        z85.decode(b"0" * (count + 1))


def test_foreign_characters_are_refused():
    with pytest.raises(KeyError):
        z85.decode(b"abc d")
    with pytest.raises(ValueError):
        z85.decode("abc\u00e9d")


@pytest.mark.parametrize("text", [b"%nSc1", b"#####"])
def test_more_than_32_bits_are_refused(text):
    with pytest.raises(struct.error):
        z85.decode(text)


def test_str_has_no_bytes():
    with pytest.raises(TypeError):
        z85.encode("1234")
