//! Proofs that a log contains an entry: RFC 6962, section 2.1.1, and RFC 9162, section 2.1.3.2.

use crate::sigstore::hash::sha256;

/// SHA-256.
const HASH_SIZE: usize = 32;

/// A path from a leaf to the root of the tree.
#[derive(Clone, Debug)]
pub struct InclusionProof {
    /// Of the leaf, in this tree: not the index among all trees of the log.
    pub index: u64,
    /// The number of leaves.
    pub size: u64,
    /// The hash of the whole tree.
    pub root: Vec<u8>,
    /// The siblings, from the leaf up.
    pub hashes: Vec<Vec<u8>>,
}

/// The hash of an entry.
pub(crate) fn leaf_hash(entry: &[u8]) -> Vec<u8> {
    sha256(&[&[0], entry].concat())
}

fn node_hash(left: &[u8], right: &[u8]) -> Vec<u8> {
    sha256(&[&[1], left, right].concat())
}

impl InclusionProof {
    /// Whether the path leads from this leaf to the root.
    pub fn contains(&self, leaf: &[u8]) -> bool {
        let mut sizes = self.hashes.iter().chain([&self.root]).map(Vec::len);
        if leaf.len() != HASH_SIZE || !sizes.all(|size| size == HASH_SIZE) {
            return false;
        }
        if self.index >= self.size {
            return false;
        }
        let (mut node, mut last) = (self.index, self.size - 1);
        let mut hash = leaf.to_vec();
        for sibling in &self.hashes {
            if last == 0 {
                return false;
            }
            if node & 1 == 1 || node == last {
                hash = node_hash(sibling, &hash);
                // A last node without a sibling is moved up as it is.
                while node & 1 == 0 && node != 0 {
                    node >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node_hash(&hash, sibling);
            }
            node >>= 1;
            last >>= 1;
        }
        last == 0 && hash == self.root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root of a tree and the path from a leaf to it, by the definition in RFC 6962, section 2.1.
    fn tree(leaves: &[Vec<u8>], index: usize) -> (Vec<u8>, Vec<Vec<u8>>) {
        if let [leaf] = leaves {
            return (leaf.clone(), Vec::new());
        }
        let left_size = leaves.len().next_power_of_two() / 2;
        let (left, right) = leaves.split_at(left_size);
        let is_left = index < left_size;
        let (left, mut path) = tree(left, if is_left { index } else { 0 });
        let (right, other) = tree(right, if is_left { 0 } else { index - left_size });
        let sibling = if is_left { right.clone() } else { left.clone() };
        if !is_left {
            path = other;
        }
        path.push(sibling);
        (node_hash(&left, &right), path)
    }

    #[test]
    fn every_leaf_is_where_it_is_and_nowhere_else() {
        for size in 1..18_usize {
            let leaves: Vec<_> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
            for index in 0..size {
                let (root, hashes) = tree(&leaves, index);
                for asked in 0..size + 2 {
                    let proof = InclusionProof {
                        index: asked as u64,
                        size: size as u64,
                        root: root.clone(),
                        hashes: hashes.clone(),
                    };
                    let holds = proof.contains(&leaves[index]);
                    assert_eq!(holds, asked == index, "{index} of {size} at {asked}");
                }
            }
        }
    }

    #[test]
    fn only_hashes_are_nodes() {
        let proof = InclusionProof {
            index: 0,
            size: 1,
            root: Vec::new(),
            hashes: Vec::new(),
        };
        assert!(!proof.contains(&[]));
    }
}
