//! The test vectors shared by certificate transparency implementations, and the RFC's recursive definitions as a second
//! implementation for every small tree.

use proptest::prelude::*;

use super::*;

/// The eight leaves of the shared vectors.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
/// The roots over the first 0, 1, …, 8 of them.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const L1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const L23: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const L4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const L45: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const L67: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const L4567: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).expect("hexadecimal")
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| bytes(text).try_into().expect("32 bytes")).collect()
}

fn leaves() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&bytes(leaf))).collect()
}

fn many(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn the_shared_roots() {
    let (tree, mut range) = (Tree::from_iter(leaves()), CompactRange::default());
    for (size, root) in hashes(&ROOTS).into_iter().enumerate() {
        assert_eq!(tree.root(TreeSize(size as u64)), Some(root), "{size}");
        assert_eq!((range.root(), range.size()), (root, TreeSize(size as u64)));
        leaves().get(size).into_iter().for_each(|leaf| range.append(*leaf));
    }
}

#[test]
fn shared_inclusion_proof_vectors() {
    let vectors: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[L1, L23, L4567]),
        (5, 8, &[L4, L67, ROOTS[4]]),
        (2, 3, &[ROOTS[2]]),
        (1, 5, &[ROOTS[1], L23, L4]),
    ];
    let tree = Tree::from_iter(leaves());
    for (index, size, path) in vectors {
        let path = hashes(path);
        assert_eq!(tree.inclusion(LeafIndex(index), TreeSize(size)), Some(path.clone()), "{index} of {size}");
        let root = root_of_inclusion(LeafIndex(index), TreeSize(size), leaves()[index as usize], &path);
        assert_eq!(root, tree.root(TreeSize(size)), "{index} of {size}");
    }
}

#[test]
fn shared_consistency_proof_vectors() {
    let vectors: [(u64, u64, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[L1, L23, L4567]), (6, 8, &[L45, L67, ROOTS[4]]), (2, 5, &[L23, L4])];
    let (tree, roots) = (Tree::from_iter(leaves()), hashes(&ROOTS));
    for (older, newer, proof) in vectors {
        let proof = hashes(proof);
        assert_eq!(tree.consistency(TreeSize(older), TreeSize(newer)), Some(proof.clone()), "{older} to {newer}");
        let at = |size: u64| (TreeSize(size), roots[size as usize]);
        assert!(is_consistent(at(older), at(newer), &proof), "{older} to {newer}");
    }
}

/// MTH as the RFC writes it.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(naive_split(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

fn naive_split(leaves: usize) -> usize {
    let mut k = 1;
    while k * 2 < leaves {
        k *= 2;
    }
    k
}

/// PATH as the RFC writes it.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, sibling) = if index < k {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - k, right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF as the RFC writes it.
fn naive_subproof(older: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if older == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = naive_split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if older <= k {
        (naive_subproof(older, left, whole), naive_root(right))
    } else {
        (naive_subproof(older - k, right, false), naive_root(left))
    };
    proof.push(other);
    proof
}

#[test]
fn every_small_tree_matches_the_recursive_definitions() {
    const LARGEST: u64 = 40;
    let all = many(LARGEST);
    let tree = Tree::from_iter(all.clone());
    let mut range = CompactRange::default();
    for size in 0..=LARGEST {
        let leaves = &all[..size as usize];
        let root = naive_root(leaves);
        assert_eq!((tree.root(TreeSize(size)), range.root()), (Some(root), root));
        for index in 0..size {
            let path = tree.inclusion(LeafIndex(index), TreeSize(size)).expect("inside");
            assert_eq!(path, naive_path(index as usize, leaves), "{index} of {size}");
            let parts = parts_of_path(LeafIndex(index), TreeSize(size));
            let roots: Vec<_> = parts.into_iter().filter_map(|part| tree.part(part)).collect();
            assert_eq!(roots, path, "{index} of {size}");
            assert_eq!(
                root_of_inclusion(LeafIndex(index), TreeSize(size), all[index as usize], &path),
                Some(root),
                "{index} of {size}"
            );
        }
        for older in 1..=size {
            let proof = tree.consistency(TreeSize(older), TreeSize(size)).expect("inside");
            assert_eq!(proof, naive_subproof(older as usize, leaves, true), "{older} to {size}");
            let older_root = naive_root(&all[..older as usize]);
            assert!(is_consistent((TreeSize(older), older_root), (TreeSize(size), root), &proof), "{older} to {size}");
        }
        all.get(size as usize).into_iter().for_each(|leaf| range.append(*leaf));
    }
}

#[test]
fn there_is_no_proof_outside_the_tree() {
    let tree = Tree::from_iter(many(5));
    assert_eq!(tree.inclusion(LeafIndex(5), TreeSize(5)), None);
    assert_eq!(tree.inclusion(LeafIndex(0), TreeSize(6)), None);
    assert_eq!((tree.consistency(TreeSize(3), TreeSize(6)), tree.consistency(TreeSize(4), TreeSize(3))), (None, None));
    assert_eq!(tree.root(TreeSize(6)), None);
    assert_eq!((tree.part(4..6), tree.part(3..3)), (None, None));
    assert_eq!(parts_of_path(LeafIndex(5), TreeSize(5)), Vec::new());
    assert_eq!(root_of_inclusion(LeafIndex(0), TreeSize(0), [0; 32], &[]), None);
    assert!(!is_consistent((TreeSize(3), [0; 32]), (TreeSize(2), [0; 32]), &[]));
    assert!(is_consistent((TreeSize(0), empty_root()), (TreeSize(2), [7; 32]), &[]));
    assert!(!is_consistent((TreeSize(0), [0; 32]), (TreeSize(2), [7; 32]), &[]));
}

#[test]
fn peaks_that_do_not_match_the_size_are_refused() {
    let mut range = CompactRange::default();
    many(13).into_iter().for_each(|leaf| range.append(leaf));
    assert_eq!(CompactRange::from_peaks(TreeSize(13), range.peaks().to_vec()), Some(range.clone()));
    assert_eq!(CompactRange::from_peaks(TreeSize(12), range.peaks().to_vec()), None);
    assert_eq!(
        CompactRange::from_peaks(TreeSize(u64::MAX), vec![[0; 32]; 64]).map(|range| range.peaks().len()),
        Some(64)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_taken_up_range_goes_on_as_if_nothing_were(size in 0u64..300, more in 0u64..50) {
        let all = many(size + more);
        let mut range = CompactRange::default();
        all[..size as usize].iter().for_each(|leaf| range.append(*leaf));
        let mut again = CompactRange::from_peaks(range.size(), range.peaks().to_vec()).expect("its own peaks");
        all[size as usize..].iter().for_each(|leaf| again.append(*leaf));
        prop_assert_eq!(again.root(), naive_root(&all));
    }

    /// Any change of an inclusion proof gives another root or none.
    #[test]
    fn a_changed_inclusion_proof_proves_nothing(size in 2u64..200, at in any::<u64>(), what in 0u8..5, bit in 0usize..256, hash in any::<u64>()) {
        let all = many(size);
        let tree = Tree::from_iter(all.clone());
        let index = at % size;
        let (mut leaf, mut path) = (all[index as usize], tree.inclusion(LeafIndex(index), TreeSize(size)).expect("inside"));
        let mut claimed = index;
        match what {
            0 => leaf[bit / 8] ^= 1 << (bit % 8),
            1 => { let n = hash as usize % path.len(); path[n][bit / 8] ^= 1 << (bit % 8) }
            2 => { path.pop(); }
            3 => path.push(leaf_hash(&hash.to_be_bytes())),
            _ => claimed = (index + 1 + hash % (size - 1)) % size,
        }
        prop_assert_ne!(root_of_inclusion(LeafIndex(claimed), TreeSize(size), leaf, &path), tree.root(TreeSize(size)));
    }

    #[test]
    fn a_changed_consistency_proof_proves_nothing(newer in 3u64..200, at in any::<u64>(), what in 0u8..4, bit in 0usize..256, hash in any::<u64>()) {
        let tree = Tree::from_iter(many(newer));
        let older = 1 + at % (newer - 1);
        let roots = |size| (TreeSize(size), tree.root(TreeSize(size)).expect("inside"));
        let mut proof = tree.consistency(TreeSize(older), TreeSize(newer)).expect("inside");
        let (mut old, mut new) = (roots(older), roots(newer));
        match what {
            0 => { let n = hash as usize % proof.len(); proof[n][bit / 8] ^= 1 << (bit % 8) }
            1 => old.1[bit / 8] ^= 1 << (bit % 8),
            2 => new.1[bit / 8] ^= 1 << (bit % 8),
            _ => { proof.pop(); }
        }
        prop_assert!(!is_consistent(old, new, &proof));
    }
}
