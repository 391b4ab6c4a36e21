//! `roots save IMAGE... -o FILE`: writes images into one archive, to carry across an air gap.
//!
//! ```text
//! oci-layout, index.json, manifest.json      the images in it: for OCI's tools and for docker
//! blobs/sha256/...                           all indexes, manifests and configs
//! blobs/sha256/...                           all layers, in the order in which they are applied
//! ```
//! In this order, a reader of a pipe knows which layers it needs before they arrive.

use super::cache_link::record_tag;
use super::lock_line::lock_line;
use super::{Save, SaveTarget, Stdout, retry_on_mismatch};
use crate::cache::Cache;
use crate::destination::AtomicFile;
use crate::error::{CacheError, Error, ErrorKind, ValueFault};
use crate::oci::{
    Algorithm, Descriptor, DockerImage, OCI_LAYOUT, blob_path, index_json, manifest_json,
};
use crate::report::{SaveReport, SavedImage};
use crate::source::{
    CopiedSignatures, ImageContents, SignatureCheck, SignaturePolicy, Source, check_blobs_fit,
};
use crate::tarball::{Unwritten, Writer};
use std::collections::HashSet;
use std::io::{self, BufReader, Write};
use std::path::Path;

/// The size of the copy buffer, in bytes.
const CHUNK: usize = 256 * 1024;

/// An image to copy: its source, its name in the archive, its contents.
type CopiedImage<'c> = (Source<'c>, Option<String>, ImageContents);

impl Save {
    /// Saves, and prints what was saved: lines of `REFERENCE@DIGEST`, or one object.
    pub(super) fn run(&self) -> Result<String, Error> {
        let cache = self.cache.open(self.options.timeout, self.progress)?;
        let cache = cache.as_ref();
        // Once: a file of keys may be a pipe.
        let policy = self.signatures.policy(true)?;
        let policy = policy.as_ref();
        let SaveTarget::File(path) = &self.output else {
            let mut images = self.images(cache, policy)?;
            let all = images.iter().flat_map(|(_, _, contents)| contents.all());
            let all: Vec<Descriptor> = all.cloned().collect();
            let written = self.write(&mut images, cache, Stdout::lock(), &Error::stdout);
            // What was written to stdout cannot be taken back, so this run fails. The next one must not fail
            // on another corrupt blob.
            if let (Err(error), Some(cache)) = (&written, cache)
                && matches!(error.kind(), ErrorKind::Cache(CacheError::CorruptBlob(_)))
            {
                cache.drop_unusable(&all);
            }
            if written.is_ok() {
                drain(&images);
            }
            return written;
        };
        retry_on_mismatch(self.progress, || self.attempt(cache, policy, path))
    }

    fn attempt(
        &self,
        cache: Option<&Cache>,
        policy: Option<&SignaturePolicy>,
        path: &Path,
    ) -> Result<String, Error> {
        let output = AtomicFile::create(path, self.force)?;
        let mut images = self.images(cache, policy)?;
        let failed = |e| Error::io("write", output.path(), e);
        if let Some(folder) = output.folder() {
            let sources = images
                .iter()
                .map(|(source, _, contents)| (source, contents.all()));
            check_blobs_fit(sources, folder, output.path(), self.progress)?;
        }
        let lines = self.write(&mut images, cache, &output, &failed)?;
        self.progress.working_on("flushing");
        output.commit()?; // all or nothing
        drain(&images);
        Ok(lines)
    }

    /// Writes the archive, and returns what to print.
    fn write(
        &self,
        images: &mut [CopiedImage<'_>],
        cache: Option<&Cache>,
        out: impl Write,
        failed: &dyn Fn(io::Error) -> Error,
    ) -> Result<String, Error> {
        let mut tar = Writer::new(out);
        // Verified streams wrap our own errors in io::Error, and so does a signal.
        let failed = |why| match why {
            Unwritten::Write(error) | Unwritten::Read(error) => {
                error.downcast().unwrap_or_else(failed)
            }
        };
        for (name, bytes) in lists(images) {
            let written = tar.file(name, bytes.len() as u64, &mut bytes.as_slice());
            written.map_err(failed)?;
        }
        for folder in folders(images) {
            tar.directory(folder).map_err(failed)?;
        }
        let (mut seen, mut size) = (HashSet::new(), 0);
        for (_, _, contents) in &*images {
            let of_signatures = contents.signatures.iter().flat_map(|one| one.documents());
            for (document, bytes) in contents.documents.iter().chain(of_signatures) {
                if seen.insert(document.digest.clone()) {
                    size += bytes.len() as u64;
                    let path = blob_path(&document.digest);
                    let written = tar.file(&path, bytes.len() as u64, &mut bytes.as_slice());
                    written.map_err(failed)?;
                }
            }
        }
        let blobs_of_images = images.iter().map(|(_, _, contents)| {
            let blobs = contents.blobs.iter();
            let new = blobs.filter(|blob| seen.insert(blob.digest.clone()));
            new.cloned().collect()
        });
        let blobs_of_images: Vec<Vec<Descriptor>> = blobs_of_images.collect();
        let sizes = blobs_of_images.iter().flatten().map(|blob| blob.size);
        size = sizes.clone().fold(size, u64::saturating_add);
        let mut meter = self.progress.meter(sizes, "writing");
        for ((source, ..), blobs) in images.iter_mut().zip(&blobs_of_images) {
            for (number, blob) in blobs.iter().enumerate() {
                let stream = source.blob(blob, &mut meter)?;
                source.plan_prefetch(blob, &mut blobs[number + 1..].iter());
                let path = blob_path(&blob.digest);
                let mut stream = BufReader::with_capacity(CHUNK, stream);
                let written = tar.file(&path, blob.size, &mut meter.follow(&mut stream));
                written.map_err(|why| source.attribute_blob(blob, failed(why)))?;
                source.finish_blob(blob, stream.into_inner())?; // digest and size hold
            }
        }
        tar.finish().map_err(failed)?;
        for (source, ..) in &*images {
            record_tag(cache, source, self.progress);
        }
        Ok(self.printed(images, (seen.len(), size)))
    }

    /// What to print: nothing if the archive was written to stdout.
    fn printed(&self, images: &[CopiedImage<'_>], (blobs, bytes): (usize, u64)) -> String {
        let SaveTarget::File(path) = &self.output else {
            return String::new();
        };
        if !self.progress.is_json() {
            return images.iter().map(line).collect();
        }
        let images = images.iter().map(|(source, name, contents)| {
            let main = contents.main.as_ref();
            let platform = main.and_then(|main| main.platform.as_ref());
            SavedImage {
                reference: source.full_name(),
                name: name.clone(),
                digest: contents.root.digest.clone(),
                manifest: main.map(|main| main.digest.clone()),
                platform: platform.map(ToString::to_string),
            }
        });
        let report = SaveReport {
            destination: path.to_string_lossy().into_owned(),
            images: images.collect(),
            blobs,
            bytes,
            seconds: self.progress.seconds(),
        };
        report.to_line()
    }

    /// All images, with their documents.
    fn images<'c>(
        &self,
        cache: Option<&'c Cache>,
        policy: Option<&SignaturePolicy>,
    ) -> Result<Vec<CopiedImage<'c>>, Error> {
        let options = (!self.offline).then_some(&self.options);
        let images = self.images.iter().map(|name| {
            let mut source = Source::open(name, options, cache, self.progress)?;
            let mut check = SignatureCheck::of(policy, self.progress);
            let signatures = CopiedSignatures {
                check: check.as_mut(),
                all: self.all_signatures,
            };
            let contents = source.contents(&self.platforms, signatures, self.progress)?;
            let name = source.names().into_iter().next();
            Ok((source, name, contents))
        });
        let mut images = images.collect::<Result<Vec<_>, Error>>()?;
        // An image that was named twice is saved once.
        let mut seen = HashSet::new();
        images.retain(|(_, name, contents)| {
            seen.insert((name.clone(), contents.root.digest.clone()))
        });
        check_names(&images)?;
        Ok(images)
    }
}

/// Refuses two images with the same name: neither the archive nor a lock file could tell them apart.
fn check_names(images: &[CopiedImage<'_>]) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let mut names = images.iter().filter_map(|(_, name, _)| name.as_ref());
    match names.find(|name| !seen.insert(*name)) {
        Some(name) => Err(ValueFault::SameName.of_command("save", name)),
        None => Ok(()),
    }
}

/// The folders for blobs; the one for sha512 only if it is needed.
fn folders(images: &[CopiedImage<'_>]) -> impl Iterator<Item = &'static str> {
    let mut all = images.iter().flat_map(|(_, _, contents)| contents.all());
    let is_rare = all.any(|blob| blob.digest.algorithm() == Algorithm::Sha512);
    let folders = ["blobs/", "blobs/sha256/", "blobs/sha512/"];
    folders.into_iter().take(if is_rare { 3 } else { 2 })
}

/// The files in front of the blobs: two of the OCI layout, and docker's.
fn lists(images: &[CopiedImage<'_>]) -> [(&'static str, Vec<u8>); 3] {
    let entries = images.iter().map(|(_, name, contents)| match name {
        Some(name) => contents.root.clone().named(name),
        None => contents.root.clone(),
    });
    let all = images
        .iter()
        .flat_map(|(_, _, contents)| &contents.signatures);
    let mut seen = HashSet::new();
    let signatures = all.filter(|signature| seen.insert(&signature.manifest.0.digest));
    let entries: Vec<_> = entries
        .chain(signatures.map(|signature| signature.entry()))
        .collect();
    let of_docker = images.iter().filter_map(|(_, name, contents)| {
        let main = contents.main.as_ref()?;
        let layers = main.layers.iter().map(|layer| &layer.blob.digest);
        let name = name.as_deref();
        Some(DockerImage::new(name, &main.config.digest, layers))
    });
    [
        ("oci-layout", OCI_LAYOUT.as_bytes().to_vec()),
        ("index.json", index_json(&entries)),
        (
            "manifest.json",
            manifest_json(&of_docker.collect::<Vec<_>>()),
        ),
    ]
}

/// Reads the rest of a pipe. Call it when the archive is complete: the pipe's writer may take its time.
fn drain(images: &[CopiedImage<'_>]) {
    images.iter().for_each(|(source, ..)| source.drain());
}

fn line((source, name, contents): &CopiedImage<'_>) -> String {
    lock_line(name, source, &contents.root.digest)
}
