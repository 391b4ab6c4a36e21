//! Inclusion proofs, right and wrong, of transparency-dev/merkle.

use super::suite;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use roots::sigstore::InclusionProof;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// Whether the leaf is in the tree. Numbers that are not of 64 bits without a sign are refused, as they are in a bundle.
fn holds(vector: &Value) -> bool {
    let (Some(index), Some(size)) = (vector["leafIdx"].as_u64(), vector["treeSize"].as_u64())
    else {
        return false;
    };
    let hashes = vector["proof"].as_array();
    let proof = InclusionProof {
        index,
        size,
        root: bytes(&vector["root"]),
        hashes: hashes.into_iter().flatten().map(bytes).collect(),
    };
    proof.contains(&bytes(&vector["leafHash"]))
}

#[test]
#[ignore = "needs data of others: make conformance"]
fn conformance_of_inclusion_proofs() {
    let files = files(&suite().join("merkle"));
    let mut accepted = 0;
    for path in &files {
        let vector: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let is_wrong = vector["wantErr"].as_bool().unwrap();
        assert_eq!(holds(&vector), !is_wrong, "{}", path.display());
        accepted += usize::from(!is_wrong);
    }
    assert!(
        files.len() > 90 && accepted > 5,
        "{} of {}",
        accepted,
        files.len()
    );
}
