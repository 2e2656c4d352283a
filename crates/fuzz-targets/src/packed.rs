//! Several files in one input: `=== NAME`, a line break and the content, for each file.

/// Begins a file, after the line break that ends the file before.
const MARK: &[u8] = b"=== ";
/// Files that are taken from one input.
const MOST: usize = 64;

/// Joins files to one input.
pub fn pack_files<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut packed = Vec::new();
    for (name, content) in files {
        packed.extend_from_slice(MARK);
        packed.extend_from_slice(name.as_bytes());
        packed.push(b'\n');
        packed.extend_from_slice(content);
        packed.push(b'\n');
    }
    packed
}

/// Splits an input into its files. A name is relative and leads nowhere else; files with other names are left out.
pub fn unpack_files(input: &[u8]) -> Vec<(&str, &[u8])> {
    let mut starts: Vec<usize> = (input.windows(MARK.len()).enumerate())
        .filter(|&(at, bytes)| bytes == MARK && (at == 0 || input[at - 1] == b'\n'))
        .map(|(at, _)| at)
        .take(MOST)
        .collect();
    // As if another file followed the line break at the end.
    starts.push(input.len() + usize::from(!input.ends_with(b"\n")));
    let file = |ends: &[usize]| {
        let bytes = input.get(ends[0] + MARK.len()..ends[1].saturating_sub(1))?;
        let end = bytes.iter().position(|&b| b == b'\n')?;
        let name = std::str::from_utf8(&bytes[..end]).ok().filter(|name| is_plain(name))?;
        Some((name, &bytes[end + 1..]))
    };
    starts.windows(2).filter_map(file).collect()
}

/// Whether a name is that of a file below the folder: without `..`, of the characters that names usually have.
fn is_plain(name: &str) -> bool {
    let part = |part: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._- ".contains(c);
        (1..=64).contains(&part.len()) && part != "." && part != ".." && part.chars().all(known)
    };
    name.split('/').count() <= 6 && name.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_split_as_they_were_joined() {
        let files: [(&str, &[u8]); 3] = [("a/b.json", b"{}\n"), ("c", b""), ("d", b"a=== \n==")];
        assert_eq!(unpack_files(&pack_files(files)), files);
        assert_eq!(unpack_files(b"no file"), []);
        assert_eq!(unpack_files(b"=== a"), []);
        assert_eq!(unpack_files(b"=== a\n"), []);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for name in ["../a", "a/../../b", "/etc/x", "a//b", "", "a\0", "~/a"] {
            assert_eq!(unpack_files(&pack_files([(name, &b"x"[..])])), [], "{name}");
        }
    }
}
