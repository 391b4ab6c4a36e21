//! `roots pull --dry-run`: what a pull would do, and whether it can. Nothing is written, and no
//! layer is requested.

use super::prepare::{Preparation, Prepared};
use super::start_files::StartFiles;
use super::{Output, Pull};
use crate::cache::CacheView;
use crate::destination::{Action, Preflight};
use crate::error::Error;
use crate::progress::bytes;
use crate::record::Record;
use crate::report::{BlobReport, CacheReport, DryRunReport, Table, columns};
use crate::source::{LayerOrigin, PullPlan, SignaturePolicy};
use std::path::Path;

/// What happens to a tree that is not kept. In capitals, because it cannot be undone.
const LOST: &str = "REMOVED WITH ALL THAT WAS WRITTEN INTO IT";

impl Pull {
    /// Prepares the pull, and prints what it would do.
    pub(super) fn dry_run(&self, policy: Option<&SignaturePolicy>) -> Result<Output, Error> {
        let view = self.cache.view(self.progress)?;
        let view = view.as_ref();
        let cache = view.and_then(CacheView::cache);
        let caches = (cache, view.map(CacheView::path));
        let prepared = self.prepare(caches, policy, Preflight::of)?;
        match prepared {
            Preparation::UpToDate(record) => Ok(self.would_keep(&record, None)),
            Preparation::SameTree(Prepared { record, files, .. }) => {
                Ok(self.would_keep(&record, Some(&files)))
            }
            Preparation::NewTree(prepared) => self.would_extract(prepared, view),
        }
    }

    /// DEST holds the tree already: at most, `files` would be written.
    fn would_keep(&self, record: &Record, files: Option<&StartFiles>) -> Output {
        let done = self.unchanged(record);
        if self.progress.is_json() {
            return done;
        }
        let mut table = image_rows(record);
        let dest = self.dest.display();
        table.row("destination", format_args!("{dest}, unchanged"));
        if let Some(files) = files {
            add_files(&mut table, files);
        }
        Output {
            exit_code: done.exit_code,
            ..Output::from(table.to_string())
        }
    }

    fn would_extract(
        &self,
        prepared: Prepared<'_, Preflight>,
        view: Option<&CacheView>,
    ) -> Result<Output, Error> {
        let Prepared {
            source,
            image,
            record,
            existing,
            files,
            destination: preflight,
            ..
        } = prepared;
        let place = (&preflight.folder, existing.path());
        let plan = source.plan(&image, place, view, self.progress)?;
        Ok(Output::from(if self.progress.is_json() {
            let report = self.report(record, &plan, &preflight, view, &files);
            report.to_line()
        } else {
            self.table(&record, &plan, &preflight, view, &files)
        }))
    }

    fn table(
        &self,
        record: &Record,
        plan: &PullPlan,
        preflight: &Preflight,
        view: Option<&CacheView>,
        files: &StartFiles,
    ) -> String {
        let mut table = image_rows(record);
        if plan.from.is_empty() {
            table.row("from", "the cache alone");
        } else {
            table.rows("from", plan.from.clone());
        }
        let dest = self.dest.display();
        match preflight.action {
            Action::InPlace(why) => table.row(
                "destination",
                format_args!("{dest}, filled in place: {why}"),
            ),
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
        // Local images are not cached.
        if plan
            .layers
            .iter()
            .any(|(_, origin)| *origin != LayerOrigin::Read)
        {
            let cache = view.map_or_else(|| "none".to_owned(), |view| cache_state(view, plan));
            table.row("cache", cache);
        }
        let layers = plan.layers.iter().map(|(blob, origin)| {
            let state = match origin {
                LayerOrigin::Cached => "cached".to_owned(),
                LayerOrigin::Partial(cached) => format!("partial, {} cached", bytes(*cached)),
                LayerOrigin::Fetched => "to be fetched".to_owned(),
                LayerOrigin::Read => "to be read".to_owned(),
            };
            [blob.digest.to_string(), bytes(blob.size), state]
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
        let blobs = plan.layers.iter().map(|(blob, origin)| {
            let (state, cached) = match origin {
                LayerOrigin::Cached => ("cached", blob.size),
                LayerOrigin::Partial(cached) => ("partial", *cached),
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

/// Rows that identify the image.
fn image_rows(record: &Record) -> Table {
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

fn cache_state(view: &CacheView, plan: &PullPlan) -> String {
    let path = view.path().display();
    match (view.is_writable(), view.free_space()) {
        (false, _) => format!("{path}, read only"),
        _ if !plan.is_kept => format!("{path}, to which nothing is added"),
        (true, Some(free)) => format!("{path}, {} free", bytes(free)),
        (true, None) => path.to_string(),
    }
}
