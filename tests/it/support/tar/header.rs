//! The fields of a ustar header (POSIX pax, "ustar Interchange Format").

/// The size of a header, and what contents are padded to.
pub const BLOCK: usize = 512;

/// The room for a name and for a link target in a header.
pub(super) const NAME: usize = 100;

/// A sealed ustar header with a name, a type and a size, for tests that build entries by hand with `Layer::raw`.
pub fn header(kind: u8, name: &[u8], size: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let name = &name[..name.len().min(NAME)];
    block[..name.len()].copy_from_slice(name);
    number(&mut block[100..108], 0o644, false);
    number(&mut block[108..116], 0, false);
    number(&mut block[116..124], 0, false);
    number(&mut block[124..136], size as i128, false);
    number(&mut block[136..148], 0, false);
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    seal(&mut block);
    block
}

/// Writes the checksum: the sum of all bytes, its own field counted as blanks.
pub fn seal(block: &mut [u8; BLOCK]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// One pax record, `LENGTH KEY=VALUE\n`, where LENGTH counts itself.
pub fn pax_record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}

/// Whether a number fits a field of that many bytes as octal digits and a NUL.
pub(super) fn fits(value: i128, field: usize) -> bool {
    (0..1 << (3 * (field - 1))).contains(&value)
}

/// Writes a number as octal digits and a NUL; one that does not fit as base-256, or else as zero, for pax to say.
pub(super) fn number(field: &mut [u8], value: i128, base256: bool) {
    let digits = field.len() - 1;
    if fits(value, field.len()) {
        field.copy_from_slice(format!("{value:0digits$o}\0").as_bytes());
    } else if base256 {
        field.copy_from_slice(&value.to_be_bytes()[16 - field.len()..]);
        field[0] |= 0x80;
    } else {
        field.copy_from_slice(format!("{:0digits$o}\0", 0).as_bytes());
    }
}
