//! Reads the layers of an image, one after the other.

use super::{LayerReader, Source};
use crate::error::Error;
use crate::layer::LayerStream;
use crate::oci::{Digest, Image, Layer};
use crate::progress::{Meter, Progress};
use std::io::BufRead;

impl Source<'_> {
    /// Passes the DiffID and the tar of each layer to `apply`, and verifies what was read: when this
    /// returns, the digest, size and DiffID of every layer match. Later layers are prefetched meanwhile.
    pub(crate) fn each_layer(
        &mut self,
        image: &Image,
        progress: Progress,
        apply: &mut dyn FnMut(&Digest, &mut dyn BufRead) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut meter = progress.meter(image.sizes(), "unpacking");
        for (number, layer) in image.layers.iter().enumerate() {
            let mut stream = self.layer(layer, &mut meter)?;
            let mut upcoming = image.layers[number + 1..].iter().map(|next| &next.blob);
            self.plan_prefetch(&layer.blob, &mut upcoming);
            if let Err(error) = apply(&layer.diff_id, &mut meter.follow(stream.tar())) {
                return Err(self.attribute(layer, stream, error));
            }
            self.finish(layer, stream)?;
        }
        self.drain();
        Ok(())
    }

    /// Opens the stream of a layer.
    fn layer(&mut self, layer: &Layer, meter: &mut Meter) -> Result<LayerReader, Error> {
        meter.next();
        match self {
            Self::Registry(cached) => cached.layer(layer, meter),
            Self::Layout(layout) => {
                let bytes = layout.blob(&layer.blob).map_err(|e| layout.explained(e))?;
                let bytes = meter.watch(&layer.blob, layout.word(), bytes);
                LayerStream::new(layer, bytes, None)
            }
        }
    }

    /// Finishes a stream that was read to the end of its tar: checks both digests and caches the
    /// blob.
    fn finish(&self, layer: &Layer, stream: LayerReader) -> Result<(), Error> {
        match self {
            Self::Registry(cached) => {
                let copy = stream
                    .finish()
                    .map_err(|e| cached.attribute(&layer.blob, e))?;
                cached.keep(&layer.blob, copy);
                Ok(())
            }
            Self::Layout(_) => stream.finish().map(drop),
        }
    }

    /// Attributes an `error` that occurred while `stream` was read. A corrupt blob is removed from
    /// the cache, so that the next pull fetches it.
    fn attribute(&self, layer: &Layer, stream: LayerReader, error: Error) -> Error {
        match self {
            Self::Registry(cached) => {
                let is_doubtful = cached.is_doubtful(&layer.blob, &error);
                cached.attribute(&layer.blob, stream.attribute(error, is_doubtful))
            }
            Self::Layout(_) => stream.attribute(error, false),
        }
    }
}
