//! How often an entry asks for memory.

use crate::support::{Layer, Sandbox};
use roots::extract::Extractor;
use roots::oci::Digest;
use roots::sys::Dir;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, counting what each thread asks for.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that ends has nothing to count with any more.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be had otherwise")]
// SAFETY: everything is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        unsafe { System.dealloc(old, layout) }
    }
}

/// How often memory is asked for while this layer is extracted.
fn allocations(layer: &Layer) -> usize {
    let sandbox = Sandbox::new("allocations");
    let root = Dir::open_path(&sandbox.mkdir("root")).unwrap();
    let tar = layer.tar();
    let digest = Digest::parse(&crate::support::sha256(&tar)).unwrap();
    let mut extractor = Extractor::new(&root, None, &Default::default()).unwrap();
    let before = COUNT.get();
    extractor.apply(&digest, &mut &tar[..]).unwrap();
    COUNT.get() - before
}

#[test]
fn a_small_file_asks_for_memory_a_few_times() {
    let (uid, gid) = super::own();
    let counts = [100, 1100].map(|count| allocations(&super::small_files(count, uid, gid)));
    let per_file = (counts[1] - counts[0]) as f64 / 1000.0;
    assert!(per_file <= 4.5, "{per_file} per file");
}
