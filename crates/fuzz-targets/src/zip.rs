//! Zip archives without compression, as PyTorch writes them, so that a changed entry keeps a correct checksum.

/// An archive of these entries.
pub(crate) fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut archive, mut index) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let (size, offset) = (content.len() as u32, archive.len() as u32);
        // Version, flags, method, time and date, all of an archive without compression.
        let mut entry = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
        entry.extend(crc32fast::hash(content).to_le_bytes());
        entry.extend([size, size].map(u32::to_le_bytes).concat());
        entry.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        archive.extend(b"PK\x03\x04");
        archive.extend(&entry);
        archive.extend(name.as_bytes());
        archive.extend(*content);
        index.extend(b"PK\x01\x02\x14\0");
        index.extend(&entry);
        // Comment, disk, attributes.
        index.extend([0; 10]);
        index.extend(offset.to_le_bytes());
        index.extend(name.as_bytes());
    }
    let (count, start, length) = (files.len() as u16, archive.len() as u32, index.len() as u32);
    archive.extend(index);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].map(u16::to_le_bytes).concat());
    archive.extend([length, start].map(u32::to_le_bytes).concat());
    archive.extend([0, 0]);
    archive
}
