//! Parses the options that demand signatures.

use super::args::RawArgs;
use crate::commands::SignatureOptions;
use crate::error::{Error, ValueFault};
use crate::sigstore::{DemandedSigner, Workflow};
use std::ffi::OsString;
use std::path::PathBuf;

const SIGNED_BY: &str = "ROOTS_SIGNED_BY";
const BUILT_BY: &str = "ROOTS_BUILT_BY";
const WORKFLOW: &str = "ROOTS_WORKFLOW";
const SIGNER: &str = "ROOTS_SIGNER";
const ISSUER: &str = "ROOTS_ISSUER";
const BUNDLE: &str = "ROOTS_BUNDLE";
const TRUSTED_ROOT: &str = "ROOTS_TRUSTED_ROOT";

/// The options of a command that refuses images without signatures.
pub(super) fn signatures(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<SignatureOptions, Error> {
    let options = parsed(args, &variable)?;
    if options.demands_none() {
        let demand = ValueFault::OnlyWith("--signed-by, --built-by or --signer");
        if options.bundle.is_some() {
            return Err(demand.of("--bundle"));
        }
        if options.trusted_root.is_some() {
            return Err(demand.of("--trusted-root"));
        }
    }
    Ok(options)
}

/// The same for `inspect`, which lists signatures even if none is demanded.
pub(super) fn parsed(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<SignatureOptions, Error> {
    let keys = if args.signed_by.is_empty() {
        let set = variable(SIGNED_BY);
        set.iter().flat_map(std::env::split_paths).collect()
    } else {
        args.signed_by.iter().map(PathBuf::from).collect()
    };
    let path = |typed: &Option<OsString>, name| typed.clone().or_else(|| variable(name));
    Ok(SignatureOptions {
        keys,
        signer: signer(args, &variable)?,
        bundle: path(&args.bundle, BUNDLE).map(PathBuf::from),
        trusted_root: path(&args.trusted_root, TRUSTED_ROOT).map(PathBuf::from),
    })
}

/// The option on the command line that demands a signature.
pub(super) fn typed_demand(args: &RawArgs) -> Option<&'static str> {
    let options = [
        ("--signed-by", !args.signed_by.is_empty()),
        ("--built-by", args.built_by.is_some()),
        ("--signer", args.signer.is_some()),
    ];
    let typed = options.into_iter().find(|(_, is_typed)| *is_typed);
    typed.map(|(option, _)| option)
}

fn signer(
    args: &RawArgs,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<DemandedSigner>, Error> {
    let variable = |name: &str| variable(name).map(|value| value.to_string_lossy().into_owned());
    // Variables are for one signer, and options for another.
    let typed = [&args.built_by, &args.workflow, &args.signer, &args.issuer];
    let is_typed = typed.iter().any(|option| option.is_some());
    let value = |typed: &Option<String>, name| {
        let set = || variable(name).filter(|_| !is_typed);
        typed.clone().or_else(set)
    };
    let built_by = value(&args.built_by, BUILT_BY);
    let workflow = value(&args.workflow, WORKFLOW);
    let identity = value(&args.signer, SIGNER);
    let issuer = value(&args.issuer, ISSUER);
    match (built_by, workflow, identity, issuer) {
        (None, None, None, None) => Ok(None),
        (Some(_), _, Some(_), _) => Err(ValueFault::NotWith("--built-by").of("--signer")),
        (Some(_), _, _, Some(_)) => Err(ValueFault::NotWith("--built-by").of("--issuer")),
        (None, Some(_), ..) => Err(ValueFault::OnlyWith("--built-by").of("--workflow")),
        (_, _, Some(_), None) => Err(ValueFault::OnlyWith("--issuer").of("--signer")),
        (_, _, None, Some(_)) => Err(ValueFault::OnlyWith("--signer").of("--issuer")),
        (None, None, Some(identity), Some(issuer)) => {
            Ok(Some(DemandedSigner::Exact { identity, issuer }))
        }
        (Some(built_by), workflow, None, None) => {
            let signer = DemandedSigner::built_by(&built_by);
            let signer = signer.ok_or_else(|| ValueFault::BuiltBy.of("--built-by"))?;
            let Some(workflow) = workflow else {
                return Ok(Some(signer));
            };
            let workflow = Workflow::parse(&workflow);
            let signer = workflow.and_then(|workflow| signer.with_workflow(workflow));
            let wrong = || ValueFault::Workflow.of("--workflow");
            signer.ok_or_else(wrong).map(Some)
        }
    }
}
