//! Changes to tars that leave them tars: without valid sums and lengths a fuzzer sees nothing but refusals of those.

use libfuzzer_sys::fuzzer_mutate;

pub const BLOCK: usize = 512;

/// One header with what follows it.
#[derive(Clone)]
struct Entry {
    header: [u8; BLOCK],
    body: Vec<u8>,
}

/// Changes the first `size` bytes of `data`, and says how many there are then.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut entries = parse(&data[..size]);
    let number = seed as usize / 16;
    if entries.is_empty() || seed % 16 < 2 {
        return fuzzer_mutate(data, size, max_size);
    }
    let count = entries.len();
    let at = number % count;
    match seed % 16 {
        2..8 => drop(fuzzer_mutate(&mut entries[at].header, BLOCK, BLOCK)),
        8..12 => {
            let with_records = entries
                .iter()
                .position(|entry| matches!(entry.header[156], b'x' | b'g' | b'L' | b'K' | b'S'));
            let body = &mut entries[with_records.unwrap_or(at)].body;
            let length = body.len();
            body.resize(length + 64, 0);
            let length = fuzzer_mutate(body, length, length + 64);
            body.truncate(length);
        }
        12 => drop(entries.remove(at)),
        13 => entries.insert(number / count % count, entries[at].clone()),
        14 => entries.swap(at, number / count % count),
        // One takes the name or the target of another.
        _ => {
            let other = entries[number / count % count].header;
            let (from, to) = ([0, 157][number % 2], [0, 157][number / 2 % 2]);
            entries[at].header[to..to + 100].copy_from_slice(&other[from..from + 100]);
        }
    }
    let tar = written(entries, seed % 16 == 11);
    if tar.len() > max_size {
        return fuzzer_mutate(data, size, max_size);
    }
    data[..tar.len()].copy_from_slice(&tar);
    tar.len()
}

/// The blocks of a tar, as far as they are some.
fn parse(mut data: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((header, rest)) = data.split_first_chunk::<BLOCK>() {
        let size = if header == &[0; BLOCK] {
            0
        } else {
            octal(&header[124..136])
        };
        let size = size.min(rest.len());
        let body = rest[..size].to_vec();
        data = &rest[size.next_multiple_of(BLOCK).min(rest.len())..];
        let header = *header;
        entries.push(Entry { header, body });
    }
    entries
}

/// The tar of some entries, with sums that fit; sizes and lengths of records fit unless they are left as they are.
fn written(entries: Vec<Entry>, leave: bool) -> Vec<u8> {
    let mut tar = Vec::new();
    for Entry { mut header, body } in entries {
        let is_pax = matches!(header[156], b'x' | b'g');
        let body = if is_pax && !leave {
            records(&body)
        } else {
            body
        };
        if header != [0; BLOCK] {
            if !leave && (!body.is_empty() || is_pax) {
                header[124..136].copy_from_slice(format!("{:011o}\0", body.len()).as_bytes());
            }
            seal(&mut header);
        }
        tar.extend(header);
        tar.extend(body);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar
}

fn octal(field: &[u8]) -> usize {
    let digits = field.iter().skip_while(|&&b| b == b' ');
    let digits = digits.take_while(|b| matches!(b, b'0'..=b'7'));
    digits.fold(0usize, |number, b| {
        number
            .saturating_mul(8)
            .saturating_add(usize::from(b - b'0'))
    })
}

fn seal(header: &mut [u8; BLOCK]) {
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

/// The same records with lengths that fit; what has no key becomes none.
fn records(body: &[u8]) -> Vec<u8> {
    let mut fitted = Vec::new();
    for line in body.split(|&b| b == b'\n') {
        let start = line.iter().take_while(|b| b.is_ascii_digit()).count();
        let rest = line[start..].strip_prefix(b" ").unwrap_or(&line[start..]);
        if !rest.contains(&b'=') {
            continue;
        }
        let mut length = rest.len() + 3;
        while length != rest.len() + 2 + length.to_string().len() {
            length = rest.len() + 2 + length.to_string().len();
        }
        fitted.extend([length.to_string().as_bytes(), b" ", rest, b"\n"].concat());
    }
    fitted
}
