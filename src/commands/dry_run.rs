//! `roots pull --dry-run`: what a pull would do, and whether it may. Nothing is written, and of layers
//! nothing is asked for.

use super::page::{Page, columns};
use super::recorded::Recorded;
use super::start_files::StartFiles;
use super::{Done, Pull};
use crate::cache::Look;
use crate::destination::{Fate, Found, KeepOld, Prospect};
use crate::error::Error;
use crate::oci::{Blob, Forecast, Record, Shelf};
use crate::progress::bytes;
use crate::source::{Foresight, Way};
use std::path::Path;

/// What becomes of a tree that is not kept. Loud, because it cannot be undone.
const LOST: &str = "REMOVED WITH ALL THAT WAS WRITTEN INTO IT";

impl Pull {
    /// The same steps as those of a pull, up to the first layer.
    pub(super) fn foresee(&self) -> Result<Done, Error> {
        let progress = self.progress;
        let look = self.cache.look(progress)?;
        let look = look.as_ref();
        let cache = look.and_then(Look::cache);
        let mut source = self.source(cache)?;
        let locked = self.locked(&source)?;
        let found = Found::foreseen(&self.dest)?;
        let keep_old = self.keep_old.as_deref().map(KeepOld::at).transpose()?;
        let held = self.held(&found, cache)?; // with --update
        let files = self.start_files(&found)?; // with --nspawn, --unit
        if let Some(held) = held.as_ref().and_then(Recorded::believed)
            && self.is_done(held, locked.as_ref(), &files, &mut source)?
        {
            return Ok(self.stays(held, &StartFiles::default()));
        }
        let plan = self.plan(
            held.is_some(),
            &source,
            (cache, look.map(Look::path)),
            keep_old.as_ref(),
        );
        let prospect = Prospect::of(&found, &plan)?;
        let image = source.resolve(&self.wanted, progress)?;
        source.drain();
        if let Some(locked) = locked {
            locked.check(&source, &image)?;
        }
        let record = Record::new(source.full_name(), &image, &self.wanted, &self.altered);
        files.check(&image)?;
        self.warn_of_nspawn(&files, &image)?;
        let believed = held.as_ref().and_then(Recorded::believed);
        if believed.is_some_and(|held| held.is_of_same_tree(&record)) {
            return Ok(self.stays(&record, &files));
        }
        found.spares(&source.paths())?;
        let place = (&prospect.place, found.path());
        let foresight = source.foresee(&image, place, look, progress)?;
        let text = match progress.is_json() {
            true => {
                let forecast = self.forecast(record, &foresight, &prospect, look, &files);
                forecast.to_line()
            }
            false => self.page(&record, &foresight, &prospect, look, &files),
        };
        Ok(Done::from(text))
    }

    /// DEST holds it already; at most, its settings would be written.
    fn stays(&self, record: &Record, files: &StartFiles) -> Done {
        let done = self.unchanged(record);
        if self.progress.is_json() {
            return done;
        }
        let mut page = named(record);
        page.line(
            "destination",
            format_args!("{}, unchanged", self.dest.display()),
        );
        add_files(&mut page, files);
        Done {
            exit_code: done.exit_code,
            ..Done::from(page.to_string())
        }
    }

    fn page(
        &self,
        record: &Record,
        foresight: &Foresight,
        prospect: &Prospect,
        look: Option<&Look>,
        files: &StartFiles,
    ) -> String {
        let mut page = named(record);
        match foresight.from.is_empty() {
            true => page.line("from", "the cache alone"),
            false => page.lines("from", foresight.from.clone()),
        }
        let dest = self.dest.display();
        match prospect.fate {
            Fate::InPlace(why) => {
                let how = format_args!("{dest}, filled in place: {why}");
                page.line("destination", how);
            }
            fate => page.line("destination", format_args!("{dest}, {}", fate.word())),
        }
        let (kept, removed) = self.old_trees(prospect);
        let removed = removed.map(|path| (path != self.dest, path.display()));
        page.given(
            "old tree",
            kept.map(|path| format!("moved to {}", path.display())),
        );
        match removed {
            Some((true, path)) => page.line("kept before", format_args!("{path}, {LOST}")),
            Some((false, _)) => page.line("old tree", LOST),
            None => {}
        }
        add_files(&mut page, files);
        let size = bytes(foresight.size);
        let free = foresight.free.map(bytes);
        let free = free.unwrap_or_else(|| "an unknown amount".to_owned());
        page.line("room", format_args!("{free} free, at least {size} needed"));
        // The cache is for what comes from elsewhere.
        if foresight.layers.iter().any(|(_, way)| *way != Way::Read) {
            let cache = look.map_or_else(|| "none".to_owned(), |look| cache(look, foresight));
            page.line("cache", cache);
        }
        let layers = foresight.layers.iter().map(|(blob, way)| {
            let what = match way {
                Way::Cached => "cached".to_owned(),
                Way::Partial(had) => format!("partial, {} cached", bytes(*had)),
                Way::Fetched => "to be fetched".to_owned(),
                Way::Read => "to be read".to_owned(),
            };
            [blob.digest.to_string(), bytes(blob.size), what]
        });
        page.lines("layers", columns(layers));
        let fetched = bytes(foresight.fetched);
        page.line("fetched", format_args!("{fetched} of {size}"));
        page.to_string()
    }

    /// Where the old tree would go, and which tree would be removed.
    fn old_trees(&self, prospect: &Prospect) -> (Option<&Path>, Option<&Path>) {
        let is_replaced = prospect.fate == Fate::Replaced;
        match self.keep_old.as_deref().filter(|_| is_replaced) {
            Some(path) => (Some(path), prospect.removes_kept.then_some(path)),
            None => (None, is_replaced.then_some(&self.dest)),
        }
    }

    fn forecast(
        &self,
        record: Record,
        foresight: &Foresight,
        prospect: &Prospect,
        look: Option<&Look>,
        files: &StartFiles,
    ) -> Forecast {
        let blobs = foresight.layers.iter().map(|(blob, way)| {
            let (state, cached) = match way {
                Way::Cached => ("cached", blob.size),
                Way::Partial(had) => ("partial", *had),
                Way::Fetched => ("fetch", 0),
                Way::Read => ("read", 0),
            };
            Blob {
                digest: blob.digest.clone(),
                size: blob.size,
                state,
                cached,
            }
        });
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let (kept, removed) = self.old_trees(prospect);
        Forecast {
            reference: record.reference,
            digest: record.digest,
            manifest: record.manifest,
            platform: record.platform,
            layers: foresight.layers.len(),
            bytes: foresight.size,
            fetch: foresight.fetched,
            blobs: blobs.collect(),
            from: foresight.from.clone(),
            destination: self.dest.to_string_lossy().into_owned(),
            action: prospect.fate.word(),
            keep_old: kept.map(shown),
            removed: removed.map(shown),
            nspawn: files.nspawn().map(shown),
            unit: files.unit().map(shown),
            free: foresight.free,
            cache: look.map(|look| Shelf {
                path: look.path().to_string_lossy().into_owned(),
                free: look.free_space(),
                keeps: foresight.is_kept,
            }),
            changed: true,
            dry_run: true,
        }
    }
}

/// What the image is.
fn named(record: &Record) -> Page {
    let mut page = Page::default();
    page.line("reference", &record.reference);
    page.line("digest", &record.digest);
    page.line("manifest", &record.manifest);
    page.line("platform", &record.platform);
    page
}

/// The files that would be written beside DEST.
fn add_files(page: &mut Page, files: &StartFiles) {
    page.given("nspawn", files.nspawn().map(Path::display));
    page.given("unit", files.unit().map(Path::display));
}

fn cache(look: &Look, foresight: &Foresight) -> String {
    let path = look.path().display();
    match (look.is_writable(), look.free_space()) {
        (false, _) => format!("{path}, read only"),
        _ if !foresight.is_kept => format!("{path}, to which nothing is added"),
        (true, Some(free)) => format!("{path}, {} free", bytes(free)),
        (true, None) => path.to_string(),
    }
}
