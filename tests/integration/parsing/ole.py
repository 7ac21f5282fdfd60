"""A writer of compound files ([MS-CFB], version 3), enough for Outlook's messages."""

import struct
from dataclasses import dataclass, field

_SECTOR = 512
_MINI = 64
_CUTOFF = 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
Tree = dict[str, "Tree | bytes"]


@dataclass
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    child: int = _FREE
    right: int = _FREE
    start: int = _END


@dataclass
class _Chains:
    """Sectors of one size, and the table that chains them."""

    size: int
    body: bytearray = field(default_factory=bytearray)
    table: list[int] = field(default_factory=list[int])

    def add(self, data: bytes) -> int:
        count = -(-len(data) // self.size)
        if not count:
            return _END
        first = len(self.table)
        self.table += [*range(first + 1, first + count), _END]
        self.body += data.ljust(count * self.size, b"\0")
        return first


def compound_file(tree: Tree) -> bytes:
    """A file of storages (dicts) and streams (bytes)."""
    entries = [_Entry("Root Entry", 5)]
    _add(entries, 0, tree)
    large, small = _Chains(_SECTOR), _Chains(_MINI)
    for entry in entries:
        if entry.kind == 2:
            entry.start = (large if len(entry.data) >= _CUTOFF else small).add(entry.data)
    entries[0].data = bytes(small.body)
    entries[0].start = large.add(entries[0].data)
    mini_table = large.add(b"".join(struct.pack("<I", value) for value in small.table).ljust(_SECTOR, b"\xff"))
    directory = large.add(b"".join(map(_directory_entry, entries)))
    count = 1
    while (len(large.table) + count) * 4 > count * _SECTOR:
        count += 1
    places = list(range(len(large.table), len(large.table) + count))
    table = [*large.table, *[_FAT] * count]
    fat = b"".join(struct.pack("<I", value) for value in table).ljust(count * _SECTOR, b"\xff")
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII", bytes.fromhex("d0cf11e0a1b11ae1"), b"", 0x3E, 3, 0xFFFE, 9, 6, b"", 0, count,
        directory, 0, _CUTOFF, mini_table, -(-len(small.table) * 4 // _SECTOR), _END, 0,
    )  # fmt: skip
    header += b"".join(struct.pack("<I", place) for place in places)
    return header.ljust(_SECTOR, b"\xff") + bytes(large.body) + fat


def _add(entries: list[_Entry], parent: int, tree: Tree) -> None:
    last = _FREE
    for name, value in sorted(tree.items(), key=lambda item: (len(item[0]), item[0].upper())):
        index = len(entries)
        entries.append(_Entry(name, 1) if isinstance(value, dict) else _Entry(name, 2, value))
        if last == _FREE:
            entries[parent].child = index
        else:
            entries[last].right = index
        last = index
        if isinstance(value, dict):
            _add(entries, index, value)


def _directory_entry(entry: _Entry) -> bytes:
    name = entry.name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ", name, len(name), entry.kind, 1, _FREE, entry.right, entry.child, b"", 0, 0, 0,
        entry.start if entry.kind != 1 else 0, len(entry.data),
    )  # fmt: skip


def message_file(
    subject: str, body: str, sender: tuple[str, str], to: tuple[tuple[str, str], ...], attachments: tuple[str, ...] = ()
) -> bytes:
    """An Outlook message ([MS-OXMSG]): people are (name, address)."""
    tree: Tree = _storage(
        {0x001A: "IPM.Note", 0x0037: subject, 0x1000: body, 0x0C1A: sender[0], 0x0C1F: sender[1]},
        struct.pack("<QIIIIQ", 0, len(to), len(attachments), len(to), len(attachments), 0),
    )
    tree["__nameid_version1.0"] = {
        "__substg1.0_00020102": b"",
        "__substg1.0_00030102": b"",
        "__substg1.0_00040102": b"",
    }
    for number, (name, address) in enumerate(to):
        tree[f"__recip_version1.0_#{number:08X}"] = _storage({0x3001: name, 0x3003: address, 0x39FE: address}, bytes(8))
    for number, name in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = _storage({0x3707: name}, bytes(8))
    return compound_file(tree)


def _storage(values: dict[int, str], header: bytes) -> Tree:
    tree: Tree = {}
    rows = struct.pack("<IIII", 0x340D0003, 6, 0x00040000, 0)  # PidTagStoreSupportMask: strings are UTF-16
    for property_id, text in values.items():
        data = text.encode("utf-16-le")
        tree[f"__substg1.0_{property_id:04X}001F"] = data
        rows += struct.pack("<IIII", property_id << 16 | 0x1F, 6, len(data) + 2, 0)
    tree["__properties_version1.0"] = header + rows
    return tree
