//! The stream of a layer: small readers, each of which reports the end only after its check has
//! passed.
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
use crate::error::{Category, Error, ErrorKind, LayerError};
use crate::oci::{Descriptor, Digest, Layer};
use std::io::{self, BufRead, BufReader, Read, Write};
use tee::Tee;
use verify::Contents;

/// How much is read, hashed and written at once, in bytes: the fastest size measured between 32 KiB
/// and 1 MiB.
const CHUNK: usize = 256 * 1024;

/// The verified bytes of a blob, and their copy.
type Compressed<R, W> = Verifier<Tee<R, W>>;

/// A verified blob as stored, with a copy of it.
pub struct BlobStream<R: Read, W: Write>(Compressed<R, W>);

impl<R: Read, W: Write> BlobStream<R, W> {
    /// Streams the bytes of `blob`, and copies them to `copy`.
    pub fn new(blob: &Descriptor, bytes: R, copy: Option<W>) -> Self {
        Self(Verifier::new(blob, Tee::new(bytes, copy)))
    }

    /// Reads to the end and checks the blob. Returns the complete copy, or the error for which the
    /// copy was given up.
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
    /// Streams `blob`, the compressed bytes of `layer`, and copies them to `copy`.
    pub fn new(layer: &Layer, blob: R, copy: Option<W>) -> Result<Self, Error> {
        let verifier = Verifier::new(&layer.blob, Tee::new(blob, copy));
        let digest = &layer.blob.digest;
        let decoder = Decoder::new(BufReader::with_capacity(CHUNK, verifier));
        let decoder = decoder.map_err(|why| match why {
            Undecodable::Unread(error) => Error::in_stream(digest, error),
            Undecodable::Unknown(name) => LayerError::Compression {
                digest: digest.clone(),
                name,
            }
            .into(),
        })?;
        let contents = Contents::new(&layer.diff_id, decoder, CHUNK);
        Ok(Self {
            blob: layer.blob.digest.clone(),
            contents,
        })
    }

    /// The uncompressed tar.
    pub fn tar(&mut self) -> &mut dyn BufRead {
        &mut self.contents
    }

    /// Reads both sides to the end and checks them. Returns the complete copy, or the error for
    /// which the copy was given up.
    pub fn finish(mut self) -> Result<io::Result<Option<W>>, Error> {
        self.contents
            .drain()
            .map_err(|e| Error::in_stream(&self.blob, e))?;
        let mut compressed = self.into_compressed();
        compressed.drain()?;
        Ok(compressed.into_inner().into_copy())
    }

    /// Attributes an `error` that occurred while the tar was read: if the blob does not match the
    /// manifest, that is the cause. To tell, the rest of the blob is read if the error says that
    /// something is malformed, or if there `is_doubt` about the blob.
    pub fn attribute(self, error: Error, is_doubt: bool) -> Error {
        let blob = self.blob.clone();
        let error = match error.into_kind() {
            // Progress, registries and caches name blobs, not DiffIDs.
            ErrorKind::Layer(LayerError::Entry { name, reason, .. }) => {
                let layer = blob.clone();
                LayerError::Entry {
                    layer,
                    name,
                    reason,
                }
                .into()
            }
            other => Error::from(other),
        };
        if error.category() != Category::BadImage && !is_doubt {
            return error;
        }
        if let Err(blame) = self.into_compressed().drain() {
            return blame;
        }
        match error.into_kind() {
            // The decoder's error is about the blob, not the archive in it.
            ErrorKind::Layer(LayerError::Corrupt { reason, .. }) => {
                let digest = blob;
                LayerError::Corrupt { digest, reason }.into()
            }
            other => other.into(),
        }
    }

    fn into_compressed(self) -> Compressed<R, W> {
        self.contents.into_inner().into_inner().into_inner()
    }
}
