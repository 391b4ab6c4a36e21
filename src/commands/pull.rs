//! `roots pull IMAGE DEST`: the whole of it on one screen.

use super::Pull;
use crate::cache::Cache;
use crate::destination::Destination;
use crate::error::Error;
use crate::extract::{Extractor, Skipped};
use crate::oci::Digest;
use crate::progress::Progress;
use crate::source::Source;

impl Pull {
    /// Pulls, and gives the digest of the manifest that DEST was made of.
    pub(super) fn run(&self) -> Result<Digest, Error> {
        let cache = self.cache.open(self.progress)?;
        match self.attempt(cache.as_ref()) {
            // The spoilt blob is out of the cache; what was made of it is gone.
            Err(spoilt @ Error::CacheSpoiled { .. }) => {
                self.progress.warn(&spoilt);
                self.attempt(cache.as_ref())
            }
            done => done,
        }
    }

    fn attempt(&self, cache: Option<&Cache>) -> Result<Digest, Error> {
        let progress = self.progress;
        let mut source = Source::open(&self.image, &self.access, cache, progress)?;
        let destination = Destination::prepare(&self.dest, self.force, progress)?;
        let image = source.resolve(&self.wanted, progress)?;
        let mut extractor = Extractor::new(&destination.rootfs()?, self.max_size)?;
        for (number, layer) in image.layers.iter().enumerate() {
            let (mut stream, origin) = source.layer(layer)?;
            source.announce(image.layers.get(number + 1));
            progress.layer(
                number + 1,
                image.layers.len(),
                &layer.blob.digest,
                layer.blob.size,
                &origin,
            );
            if let Err(error) = extractor.apply(&layer.diff_id, stream.tar()) {
                return Err(source.blame(layer, stream, error));
            }
            source.finish(layer, stream)?; // digest, size and DiffID hold
        }
        let skipped = extractor.finish()?;
        if let Some(cache) = cache {
            cache.link(destination.path(), &source.to_string(), image.blobs())?;
        }
        destination.commit(progress)?; // all or nothing
        report(skipped, progress);
        Ok(image.digest)
    }
}

/// What an ordinary user, or a file system without attributes, could not take over.
fn report(skipped: Skipped, progress: Progress) {
    let Skipped {
        owners,
        devices,
        xattrs,
    } = skipped;
    let parts = [
        (owners, "owner"),
        (devices, "device"),
        (xattrs, "extended attribute"),
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if !parts.is_empty() {
        progress.step(format_args!("not as in the image: {}", parts.join(", ")));
    }
}
