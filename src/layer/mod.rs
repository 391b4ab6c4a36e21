//! The stream of a layer: small readers, each of which reports the end only if its promise holds.
//!
//! ```text
//! blob ── Tee ── Verifier ── BufReader ── Decoder ── Contents
//!         cache  digest,     256 KiB      gzip, zstd, DiffID
//!                size                     or none
//! ```

mod tee;
mod verify;

pub use verify::Verifier;

use crate::compression::{Decoder, Undecodable};
use crate::error::Error;
use crate::oci::{Descriptor, Digest, Layer};
use std::io::{self, BufRead, BufReader, Read, Write};
use tee::Tee;
use verify::Contents;

/// How much is read, hashed and written at once, in bytes: measured, the best between 32 KiB and
/// 1 MiB.
const CHUNK: usize = 256 * 1024;

/// The blob as it was named, and its copy.
type Compressed<R, W> = Verifier<Tee<R, W>>;

/// A blob as it is, verified, with a copy of it.
pub struct BlobStream<R: Read, W: Write>(Compressed<R, W>);

impl<R: Read, W: Write> BlobStream<R, W> {
    /// A stream over the bytes of `blob`, with a copy of them for `copy`.
    pub fn new(blob: &Descriptor, bytes: R, copy: Option<W>) -> Self {
        Self(Verifier::new(blob, Tee::new(bytes, copy)))
    }

    /// Reads to the end. When this returns, the blob was whole, and so is its copy unless that was
    /// given up for the reason it comes with.
    pub fn finish(mut self) -> Result<io::Result<Option<W>>, Error> {
        self.0.drain()?;
        Ok(self.0.into_inner().into_copy())
    }
}

impl<R: Read, W: Write> Read for BlobStream<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

/// The uncompressed tar of one layer, verified on both sides of the decoder.
pub struct LayerStream<R: Read, W: Write> {
    blob: Digest,
    contents: Contents<Decoder<BufReader<Compressed<R, W>>>>,
}

impl<R: Read, W: Write> LayerStream<R, W> {
    /// A stream over `blob`, the compressed bytes of `layer`, with a copy of them for `copy`.
    pub fn new(layer: &Layer, blob: R, copy: Option<W>) -> Result<Self, Error> {
        let verifier = Verifier::new(&layer.blob, Tee::new(blob, copy));
        let digest = &layer.blob.digest;
        let decoder = Decoder::new(BufReader::with_capacity(CHUNK, verifier));
        let decoder = decoder.map_err(|why| match why {
            Undecodable::Unread(error) => Error::in_stream(digest, error),
            Undecodable::Unknown(name) => Error::Compression {
                digest: digest.clone(),
                name,
            },
        })?;
        let contents = Contents::new(&layer.diff_id, decoder, CHUNK);
        Ok(Self {
            blob: layer.blob.digest.clone(),
            contents,
        })
    }

    /// The tar.
    pub fn tar(&mut self) -> &mut dyn BufRead {
        &mut self.contents
    }

    /// Reads both sides to their ends. When this returns, the blob was whole, and so is its copy
    /// unless that was given up for the reason it comes with.
    pub fn finish(mut self) -> Result<io::Result<Option<W>>, Error> {
        self.contents
            .drain()
            .map_err(|e| Error::in_stream(&self.blob, e))?;
        let mut compressed = self.into_compressed();
        compressed.drain()?;
        Ok(compressed.into_inner().into_copy())
    }

    /// What is to blame for `error`, which came up while the tar was read: if the blob is not the
    /// one that the manifest named, then that is. The rest of the blob is read to tell, where the
    /// error says that something is malformed, or where there `is_doubt` about the blob.
    pub fn attribute(self, mut error: Error, is_doubt: bool) -> Error {
        let blob = self.blob.clone();
        // Progress speaks of blobs, and so do registries and caches.
        if let Error::Entry { layer, .. } = &mut error {
            layer.clone_from(&blob);
        }
        if !error.is_bad_image() && !is_doubt {
            return error;
        }
        match (self.into_compressed().drain(), error) {
            (Err(blame), _) => blame,
            // What the decoder complains of is the blob, not the archive in it.
            (Ok(()), Error::Corrupt { why, .. }) => Error::Corrupt { digest: blob, why },
            (Ok(()), error) => error,
        }
    }

    fn into_compressed(self) -> Compressed<R, W> {
        self.contents.into_inner().into_inner().into_inner()
    }
}
