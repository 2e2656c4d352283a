//! Takes MP4 files apart into boxes, to change or insert some. The index must come after the pictures, whose positions
//! then stay as they are.
#![allow(dead_code, reason = "every test uses a part")]

/// A box: kind, and its body or the boxes within.
#[derive(Clone, Debug)]
pub struct Node {
    pub kind: [u8; 4],
    pub body: Vec<u8>,
    pub inner: Option<Vec<Node>>,
}

const CONTAINERS: [&[u8; 4]; 9] = [
    b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf", b"mvex",
];

pub fn leaf(kind: &[u8; 4], body: Vec<u8>) -> Node {
    Node {
        kind: *kind,
        body,
        inner: None,
    }
}

pub fn parse(mut bytes: &[u8]) -> Vec<Node> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let short = u32::from_be_bytes(bytes[..4].try_into().unwrap());
        let kind: [u8; 4] = bytes[4..8].try_into().unwrap();
        // The size of `mdat` may take 64 bits; the header stays with the body.
        let size = match short {
            1 => u64::from_be_bytes(bytes[8..16].try_into().unwrap()) as usize,
            size => size as usize,
        };
        let body = bytes[8..size].to_vec();
        let inner = CONTAINERS.contains(&&kind).then(|| parse(&body));
        nodes.push(Node { kind, body, inner });
        bytes = &bytes[size..];
    }
    nodes
}

pub fn to_bytes(nodes: &[Node]) -> Vec<u8> {
    let mut out = Vec::new();
    for node in nodes {
        let body = node
            .inner
            .as_ref()
            .map_or_else(|| node.body.clone(), |inner| to_bytes(inner));
        // A 64-bit size, which is the first field of such a body, is kept.
        let wide = &node.kind == b"mdat" && body.len() >= 8 && body[..4] == [0; 4];
        let size = if wide { 1 } else { 8 + body.len() as u32 };
        out.extend(size.to_be_bytes());
        out.extend(node.kind);
        out.extend(body);
    }
    out
}

/// The first box at the end of a path.
pub fn find<'a>(nodes: &'a mut [Node], path: &str) -> &'a mut Node {
    let (first, rest) = path
        .split_once('/')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let node = nodes.iter_mut().find(|node| node.kind == first.as_bytes());
    let node = node.unwrap_or_else(|| panic!("no box {path}"));
    match rest {
        Some(rest) => find(node.inner.as_mut().unwrap(), rest),
        None => node,
    }
}

/// The boxes within the one at the end of a path.
pub fn inside<'a>(nodes: &'a mut [Node], path: &str) -> &'a mut Vec<Node> {
    find(nodes, path).inner.as_mut().unwrap()
}

pub const STBL: &str = "moov/trak/mdia/minf/stbl";

/// An edit list: duration in ticks of the movie, start in ticks of the track, rate.
pub fn elst(version: u8, edits: &[(u64, i64, f64)]) -> Vec<u8> {
    let mut body = vec![version, 0, 0, 0];
    body.extend((edits.len() as u32).to_be_bytes());
    for &(duration, start, rate) in edits {
        if version == 1 {
            body.extend(duration.to_be_bytes());
            body.extend(start.to_be_bytes());
        } else {
            body.extend((duration as u32).to_be_bytes());
            body.extend((start as i32).to_be_bytes());
        }
        body.extend(((rate * 65536.0) as i32).to_be_bytes());
    }
    body
}

/// Gives the track this edit list.
pub fn set_elst(nodes: &mut [Node], body: Vec<u8>) {
    let trak = inside(nodes, "moov/trak");
    trak.retain(|node| &node.kind != b"edts");
    let edts = Node {
        inner: Some(vec![leaf(b"elst", body)]),
        ..leaf(b"edts", Vec::new())
    };
    trak.push(edts);
}

/// A table of runs: count and value.
pub fn runs(version: u8, entries: &[(u32, i64)]) -> Vec<u8> {
    let mut body = vec![version, 0, 0, 0];
    body.extend((entries.len() as u32).to_be_bytes());
    for &(count, value) in entries {
        body.extend(count.to_be_bytes());
        body.extend((value as u32).to_be_bytes());
    }
    body
}
