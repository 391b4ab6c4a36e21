//! Whom to believe. A keyless signature that holds says nothing yet, since everybody can make one; so an identity is compared as a
//! whole, never by a regular expression or by a prefix that ends within a name.

use crate::error::SignatureFault;
use crate::sigstore::authority::claims::SignerClaims;
use std::fmt;

/// Where workflows of GitHub log in. One with a path behind it is another issuer.
const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

const GITHUB: &str = "https://github.com/";

/// The signer that is demanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DemandedSigner {
    /// `--built-by`: any workflow of a repository at GitHub.
    BuiltBy {
        /// A user or an organisation.
        owner: String,
        /// None stands for all of the owner.
        repository: Option<String>,
        /// `--workflow`: this one alone.
        workflow: Option<Workflow>,
    },
    /// `--signer` and `--issuer`: exactly as in the certificate.
    Exact {
        /// A URI, an email address, or another name.
        identity: String,
        /// A URL.
        issuer: String,
    },
}

/// A workflow that signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// `OWNER/REPO` if it is reused from another repository.
    repository: Option<String>,
    /// `.github/workflows/FILE`.
    path: String,
    /// As in `refs/heads/main`. None stands for all of them.
    git_ref: Option<String>,
}

impl DemandedSigner {
    /// Parses `OWNER/REPO` or `OWNER/`.
    pub fn built_by(text: &str) -> Option<Self> {
        let (owner, repository) = text.split_once('/')?;
        let repository = (!repository.is_empty()).then_some(repository);
        let is_valid = is_name(owner) && repository.is_none_or(is_name);
        is_valid.then(|| Self::BuiltBy {
            owner: owner.to_owned(),
            repository: repository.map(str::to_owned),
            workflow: None,
        })
    }

    /// The same, by this workflow alone. None if the demand is of another kind.
    pub fn with_workflow(self, workflow: Workflow) -> Option<Self> {
        match self {
            Self::BuiltBy {
                owner, repository, ..
            } => Some(Self::BuiltBy {
                owner,
                repository,
                workflow: Some(workflow),
            }),
            Self::Exact { .. } => None,
        }
    }

    /// The owner, and the repository if one is demanded, at GitHub.
    pub fn at_github(&self) -> Option<(&str, Option<&str>)> {
        match self {
            Self::BuiltBy {
                owner, repository, ..
            } => Some((owner, repository.as_deref())),
            Self::Exact { .. } => None,
        }
    }

    /// Whether the signer is the one that is demanded.
    pub fn accepts(&self, claims: &SignerClaims) -> bool {
        match self {
            Self::Exact { identity, issuer } => {
                claims.identity == *identity && claims.issuer.as_ref() == Some(issuer)
            }
            Self::BuiltBy {
                owner,
                repository,
                workflow,
            } => {
                let is_of_workflow = |workflow: &Workflow| {
                    let source = github_path(claims.repository.as_deref());
                    source.is_some_and(|source| workflow.is_of(claims, source))
                };
                is_built_by(claims, owner, repository.as_deref())
                    && workflow.as_ref().is_none_or(is_of_workflow)
            }
        }
    }
}

/// The options.
impl fmt::Display for DemandedSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact { identity, issuer } => write!(f, "--signer {identity} --issuer {issuer}"),
            Self::BuiltBy {
                owner,
                repository,
                workflow,
            } => {
                write!(f, "--built-by {owner}/")?;
                f.write_str(repository.as_deref().unwrap_or_default())?;
                workflow
                    .as_ref()
                    .map_or(Ok(()), |workflow| write!(f, " --workflow {workflow}"))
            }
        }
    }
}

impl fmt::Display for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(repository) = &self.repository {
            write!(f, "{repository}/")?;
        }
        f.write_str(&self.path)?;
        let git_ref = self.git_ref.as_ref();
        git_ref.map_or(Ok(()), |git_ref| write!(f, "@{git_ref}"))
    }
}

impl Workflow {
    /// Parses `PATH[@REF]`, where PATH begins with `.github/workflows/`, or with `OWNER/REPO/` before it for a workflow of
    /// another repository.
    pub fn parse(text: &str) -> Option<Self> {
        let (full, git_ref) = match text.split_once('@') {
            None => (text, None),
            Some((full, git_ref)) => (full, Some(git_ref)),
        };
        let at = full.find(".github/workflows/")?;
        let (before, path) = full.split_at_checked(at)?;
        let repository = match before.strip_suffix('/') {
            None => before.is_empty().then_some(None)?,
            Some(repository) => {
                let (owner, name) = repository.split_once('/')?;
                (is_name(owner) && is_name(name)).then_some(Some(repository))?
            }
        };
        (git_ref != Some("") && !path.ends_with('/')).then(|| Self {
            repository: repository.map(str::to_owned),
            path: path.to_owned(),
            git_ref: git_ref.map(str::to_owned),
        })
    }

    /// Whether the identity is this workflow of `source`, which is `OWNER/REPO`.
    fn is_of(&self, claims: &SignerClaims, source: &str) -> bool {
        let repository = self.repository.as_deref().unwrap_or(source);
        let identity = github_path(Some(&claims.identity)).filter(|_| claims.is_uri);
        let git_ref = identity
            .and_then(|identity| identity.split_at_checked(repository.len()))
            // GitHub ignores the case of owners and repositories, git that of nothing.
            .filter(|(found, _)| found.eq_ignore_ascii_case(repository))
            .and_then(|(_, rest)| rest.strip_prefix('/')?.strip_prefix(&self.path))
            .and_then(|rest| rest.strip_prefix('@'));
        match (&self.git_ref, git_ref) {
            (_, None) => false,
            (Some(wanted), Some(found)) => wanted == found,
            // Otherwise `a.yml` would stand for a file `a.yml@b.yml` as well.
            (None, Some(found)) => found.starts_with("refs/") || is_commit(found),
        }
    }
}

impl SignerClaims {
    /// The fault of a signature that holds and is by another signer than the demanded one, if any is.
    pub(crate) fn refused_by(self, demanded: Option<&DemandedSigner>) -> SignatureFault {
        let accepted_by = self.options(demanded);
        SignatureFault::OtherSigner {
            identity: self.identity,
            issuer: self.issuer,
            accepted_by,
        }
    }

    /// The options that would accept this signer.
    fn options(&self, demanded: Option<&DemandedSigner>) -> Option<String> {
        let issuer = self.issuer.as_deref()?;
        let source = github_path(self.repository.as_deref())
            .filter(|_| issuer == GITHUB_ISSUER)
            .filter(|path| DemandedSigner::built_by(path).is_some());
        let Some(source) = source else {
            let (identity, issuer) = (typed(&self.identity)?, typed(issuer)?);
            return Some(format!("--signer {identity} --issuer {issuer}"));
        };
        match demanded {
            // The repository is right, so the workflow is not.
            Some(DemandedSigner::BuiltBy {
                owner,
                repository,
                workflow: Some(_),
            }) if is_built_by(self, owner, repository.as_deref()) => {
                let workflow = github_path(Some(&self.identity))?;
                let own = workflow
                    .strip_prefix(source)
                    .and_then(|rest| rest.strip_prefix('/'));
                Some(format!("--workflow {}", typed(own.unwrap_or(workflow))?))
            }
            _ => Some(format!("--built-by {source}")),
        }
    }
}

/// A value that a shell passes on as one word, just as it is. The authority lets signers choose parts of it.
fn typed(value: &str) -> Option<&str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.,:/@+=%".contains(&byte);
    value.bytes().all(is_plain).then_some(value)
}

fn is_built_by(claims: &SignerClaims, owner: &str, repository: Option<&str>) -> bool {
    // A release of GitHub's, for one, has no repository of its source.
    let Some(source) = github_path(claims.repository.as_deref()) else {
        return false;
    };
    let is_theirs = match repository {
        Some(name) => source.eq_ignore_ascii_case(&format!("{owner}/{name}")),
        None => github_path(claims.owner.as_deref())
            .is_some_and(|found| found.eq_ignore_ascii_case(owner)),
    };
    is_theirs && claims.issuer.as_deref() == Some(GITHUB_ISSUER)
}

fn github_path(url: Option<&str>) -> Option<&str> {
    url?.strip_prefix(GITHUB)
}

/// What GitHub allows in names of owners and repositories.
fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !matches!(text, "" | "." | "..") && text.len() <= 100 && text.bytes().all(is_allowed)
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKFLOW: &str = "https://github.com/o/r/.github/workflows/a.yml@refs/heads/main";

    fn claims() -> SignerClaims {
        SignerClaims {
            identity: WORKFLOW.to_owned(),
            is_uri: true,
            issuer: Some(GITHUB_ISSUER.to_owned()),
            repository: Some("https://github.com/o/r".to_owned()),
            owner: Some("https://github.com/o".to_owned()),
            commit: None,
        }
    }

    fn accepts(built_by: &str, claims: &SignerClaims) -> bool {
        DemandedSigner::built_by(built_by).unwrap().accepts(claims)
    }

    fn accepts_workflow(workflow: &str, claims: &SignerClaims) -> bool {
        let signer = DemandedSigner::built_by("o/r").unwrap();
        let workflow = Workflow::parse(workflow).unwrap();
        signer.with_workflow(workflow).unwrap().accepts(claims)
    }

    #[test]
    fn repositories_are_compared_as_a_whole() {
        for (built_by, accepted) in [
            ("o/r", true),
            ("O/R", true),
            ("o/", true),
            ("o/r-evil", false),
            ("o/re", false),
            ("oo/", false),
            ("o2/r", false),
            ("r/o", false),
        ] {
            assert_eq!(accepts(built_by, &claims()), accepted, "{built_by}");
        }
        for bad in ["", "o", "/r", "o/r/x", "o/..", "o /r", "ö/r", "o/r\u{212a}"] {
            assert_eq!(DemandedSigner::built_by(bad), None, "{bad}");
        }
    }

    #[test]
    fn another_issuer_or_source_is_another_signer() {
        let altered = |alter: fn(&mut SignerClaims)| {
            let mut claims = claims();
            alter(&mut claims);
            accepts("o/r", &claims) || accepts("o/", &claims)
        };
        assert!(!altered(|c| c.issuer = None));
        assert!(!altered(|c| c.issuer = Some(format!("{GITHUB_ISSUER}/o"))));
        assert!(!altered(|c| c.issuer = Some(format!("{GITHUB_ISSUER}/"))));
        assert!(!altered(|c| c.repository = None));
        assert!(!altered(|c| {
            c.repository = Some("https://github.com.evil/o/r".to_owned());
        }));
        assert!(!altered(
            |c| c.repository = Some("https://gitlab.com/o/r".to_owned())
        ));
    }

    #[test]
    fn a_refusal_says_which_options_would_accept_the_signer() {
        let advice = |claims: SignerClaims, demanded: &DemandedSigner| match claims
            .refused_by(Some(demanded))
        {
            SignatureFault::OtherSigner { accepted_by, .. } => accepted_by,
            other => panic!("{other}"),
        };
        let other = DemandedSigner::built_by("x/y").unwrap();
        let of = |text: &str| Some(text.to_owned());
        assert_eq!(advice(claims(), &other), of("--built-by o/r"));
        let workflow = Workflow::parse(".github/workflows/b.yml").unwrap();
        let other = DemandedSigner::built_by("o/r").unwrap();
        let other = other.with_workflow(workflow).unwrap();
        let own = "--workflow .github/workflows/a.yml@refs/heads/main";
        assert_eq!(advice(claims(), &other), of(own));
        let mut email = claims();
        email.repository = None;
        email.identity = "a@b.c".to_owned();
        email.issuer = Some("https://i.example".to_owned());
        let exact = "--signer a@b.c --issuer https://i.example";
        assert_eq!(advice(email.clone(), &other), of(exact));
        for hostile in ["a@b.c --insecure", "$(x)@b.c", "a\n@b.c", "'a'@b.c"] {
            email.identity = hostile.to_owned();
            assert_eq!(advice(email.clone(), &other), None, "{hostile}");
        }
        let mut hostile = claims();
        let file = ".github/workflows/a.yml --insecure b.yml@refs/heads/main";
        hostile.identity = format!("https://github.com/o/r/{file}");
        assert_eq!(advice(hostile, &other), None);
    }

    #[test]
    fn a_workflow_is_a_file_at_a_ref() {
        for (workflow, accepted) in [
            (".github/workflows/a.yml", true),
            (".github/workflows/a.yml@refs/heads/main", true),
            ("o/r/.github/workflows/a.yml", true),
            (".github/workflows/a.yml@refs/heads/mai", false),
            (".github/workflows/a.ym", false),
            (".github/workflows/A.yml", false),
            ("x/y/.github/workflows/a.yml", false),
        ] {
            assert_eq!(
                accepts_workflow(workflow, &claims()),
                accepted,
                "{workflow}"
            );
        }
        let mut reused = claims();
        reused.identity = format!(
            "https://github.com/x/y/.github/workflows/a.yml@{}",
            "0a".repeat(20)
        );
        assert!(accepts_workflow("x/y/.github/workflows/a.yml", &reused));
        assert!(!accepts_workflow(".github/workflows/a.yml", &reused));
        reused.identity = "https://github.com/o/r/.github/workflows/a.yml@b.yml@refs/x".to_owned();
        assert!(!accepts_workflow(".github/workflows/a.yml", &reused));
        for bad in [
            "a.yml",
            "x/.github/workflows/a.yml",
            ".github/workflows/",
            ".github/workflows/a.yml@",
        ] {
            assert_eq!(Workflow::parse(bad), None, "{bad}");
        }
    }
}
