//! `roots pull --dry-run`: what a pull would do, and whether it can. Nothing is written, and no
//! layer is requested.

use super::recorded::RecordedImage;
use super::start_files::StartFiles;
use super::{Output, Pull};
use crate::cache::CacheView;
use crate::destination::{Action, Existing, KeepOld, Preflight};
use crate::error::Error;
use crate::progress::bytes;
use crate::record::Record;
use crate::report::{BlobReport, CacheReport, DryRunReport};
use crate::report::{Table, columns};
use crate::source::{LayerOrigin, PullPlan};
use std::path::Path;

/// What becomes of a tree that is not kept. Loud, because it cannot be undone.
const LOST: &str = "REMOVED WITH ALL THAT WAS WRITTEN INTO IT";

impl Pull {
    /// The same steps as those of a pull, up to the first layer.
    pub(super) fn dry_run(&self) -> Result<Output, Error> {
        let progress = self.progress;
        let view = self.cache.view(progress)?;
        let view = view.as_ref();
        let cache = view.and_then(CacheView::cache);
        let mut source = self.source(cache)?;
        let locked = self.locked(&source)?;
        let existing = Existing::foreseen(&self.dest)?;
        let keep_old = self.keep_old.as_deref().map(KeepOld::at).transpose()?;
        let recorded = self.recorded_image(&existing, cache)?; // with --update
        let files = self.start_files(&existing, keep_old.as_ref())?; // with --nspawn, --unit
        if let Some(recorded) = recorded.as_ref().and_then(RecordedImage::trusted)
            && self.is_up_to_date(recorded, locked.as_ref(), &files, &mut source)?
        {
            return Ok(self.stays(recorded, &StartFiles::default()));
        }
        let plan = self.plan(
            recorded.is_some(),
            &source,
            (cache, view.map(CacheView::path)),
            keep_old.as_ref(),
        );
        let preflight = Preflight::of(&existing, &plan)?;
        let image = source.resolve(&self.wanted, progress)?;
        source.drain();
        if let Some(locked) = locked {
            locked.check(&source, &image)?;
        }
        let record = Record::new(source.full_name(), &image, &self.wanted, &self.altered);
        files.check(&image)?;
        self.warn_of_nspawn(&files, &image)?;
        let believed = recorded.as_ref().and_then(RecordedImage::trusted);
        if believed.is_some_and(|recorded| recorded.is_of_same_tree(&record)) {
            return Ok(self.stays(&record, &files));
        }
        existing.spares(&source.paths())?;
        let place = (&preflight.place, existing.path());
        let plan = source.plan(&image, place, view, progress)?;
        let text = match progress.is_json() {
            true => {
                let report = self.report(record, &plan, &preflight, view, &files);
                report.to_line()
            }
            false => self.table(&record, &plan, &preflight, view, &files),
        };
        Ok(Output::from(text))
    }

    /// DEST holds it already; at most, its settings would be written.
    fn stays(&self, record: &Record, files: &StartFiles) -> Output {
        let done = self.unchanged(record);
        if self.progress.is_json() {
            return done;
        }
        let mut table = named(record);
        table.row(
            "destination",
            format_args!("{}, unchanged", self.dest.display()),
        );
        add_files(&mut table, files);
        Output {
            exit_code: done.exit_code,
            ..Output::from(table.to_string())
        }
    }

    fn table(
        &self,
        record: &Record,
        plan: &PullPlan,
        preflight: &Preflight,
        view: Option<&CacheView>,
        files: &StartFiles,
    ) -> String {
        let mut table = named(record);
        match plan.from.is_empty() {
            true => table.row("from", "the cache alone"),
            false => table.rows("from", plan.from.clone()),
        }
        let dest = self.dest.display();
        match preflight.action {
            Action::InPlace(why) => {
                let how = format_args!("{dest}, filled in place: {why}");
                table.row("destination", how);
            }
            action => table.row("destination", format_args!("{dest}, {}", action.word())),
        }
        let (kept, removed) = self.old_trees(preflight);
        let removed = removed.map(|path| (path != self.dest, path.display()));
        table.row_if(
            "old tree",
            kept.map(|path| format!("moved to {}", path.display())),
        );
        match removed {
            Some((true, path)) => table.row("kept before", format_args!("{path}, {LOST}")),
            Some((false, _)) => table.row("old tree", LOST),
            None => {}
        }
        add_files(&mut table, files);
        let size = bytes(plan.size);
        let free = plan.free.map(bytes);
        let free = free.unwrap_or_else(|| "an unknown amount".to_owned());
        table.row("room", format_args!("{free} free, at least {size} needed"));
        // The cache is for what comes from elsewhere.
        if plan.layers.iter().any(|(_, way)| *way != LayerOrigin::Read) {
            let cache = view.map_or_else(|| "none".to_owned(), |view| cache(view, plan));
            table.row("cache", cache);
        }
        let layers = plan.layers.iter().map(|(blob, way)| {
            let what = match way {
                LayerOrigin::Cached => "cached".to_owned(),
                LayerOrigin::Partial(had) => format!("partial, {} cached", bytes(*had)),
                LayerOrigin::Fetched => "to be fetched".to_owned(),
                LayerOrigin::Read => "to be read".to_owned(),
            };
            [blob.digest.to_string(), bytes(blob.size), what]
        });
        table.rows("layers", columns(layers));
        let fetched = bytes(plan.fetched);
        table.row("fetched", format_args!("{fetched} of {size}"));
        table.to_string()
    }

    /// Where the old tree would go, and which tree would be removed.
    fn old_trees(&self, preflight: &Preflight) -> (Option<&Path>, Option<&Path>) {
        let is_replaced = preflight.action == Action::Replaced;
        match self.keep_old.as_deref().filter(|_| is_replaced) {
            Some(path) => (Some(path), preflight.removes_kept.then_some(path)),
            None => (None, is_replaced.then_some(&self.dest)),
        }
    }

    fn report(
        &self,
        record: Record,
        plan: &PullPlan,
        preflight: &Preflight,
        view: Option<&CacheView>,
        files: &StartFiles,
    ) -> DryRunReport {
        let blobs = plan.layers.iter().map(|(blob, way)| {
            let (state, cached) = match way {
                LayerOrigin::Cached => ("cached", blob.size),
                LayerOrigin::Partial(had) => ("partial", *had),
                LayerOrigin::Fetched => ("fetch", 0),
                LayerOrigin::Read => ("read", 0),
            };
            BlobReport {
                digest: blob.digest.clone(),
                size: blob.size,
                state,
                cached,
            }
        });
        let shown = |path: &Path| path.to_string_lossy().into_owned();
        let (kept, removed) = self.old_trees(preflight);
        DryRunReport {
            reference: record.reference,
            digest: record.digest,
            manifest: record.manifest,
            platform: record.platform,
            layers: plan.layers.len(),
            bytes: plan.size,
            fetch: plan.fetched,
            blobs: blobs.collect(),
            from: plan.from.clone(),
            destination: self.dest.to_string_lossy().into_owned(),
            action: preflight.action.word(),
            keep_old: kept.map(shown),
            removed: removed.map(shown),
            nspawn: files.nspawn().map(shown),
            unit: files.unit().map(shown),
            free: plan.free,
            cache: view.map(|view| CacheReport {
                path: view.path().to_string_lossy().into_owned(),
                free: view.free_space(),
                keeps: plan.is_kept,
            }),
            changed: true,
            dry_run: true,
        }
    }
}

/// What the image is.
fn named(record: &Record) -> Table {
    let mut table = Table::default();
    table.row("reference", &record.reference);
    table.row("digest", &record.digest);
    table.row("manifest", &record.manifest);
    table.row("platform", &record.platform);
    table
}

/// The files that would be written beside DEST.
fn add_files(table: &mut Table, files: &StartFiles) {
    table.row_if("nspawn", files.nspawn().map(Path::display));
    table.row_if("unit", files.unit().map(Path::display));
}

fn cache(view: &CacheView, plan: &PullPlan) -> String {
    let path = view.path().display();
    match (view.is_writable(), view.free_space()) {
        (false, _) => format!("{path}, read only"),
        _ if !plan.is_kept => format!("{path}, to which nothing is added"),
        (true, Some(free)) => format!("{path}, {} free", bytes(free)),
        (true, None) => path.to_string(),
    }
}
