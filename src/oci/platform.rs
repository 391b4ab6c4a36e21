//! Platforms: `os/architecture[/variant]`, with Go's names, and which of them run on which machine.

use super::PlatformEntry;
use std::fmt;

/// A platform in normal form: `x86_64` is `amd64`, `aarch64` and `arm64/v8` are `arm64`, bare `arm`
/// is `arm/v7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: String,
}

/// Why a text is not a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPlatform;

impl Platform {
    /// Normalises the values of a user, index, config or `uname`.
    pub fn normalised(os: &str, architecture: &str, variant: &str) -> Self {
        let (os, variant) = (os.to_ascii_lowercase(), variant.to_ascii_lowercase());
        let architecture = architecture.to_ascii_lowercase();
        let os = if os == "macos" {
            "darwin".to_owned()
        } else {
            os
        };
        // regclient and podman write the variant as a digit alone: `arm/7`.
        let variant = match variant.as_str() {
            v if v.starts_with(|c: char| c.is_ascii_digit()) => format!("v{v}"),
            v => v.to_owned(),
        };
        let or = |default: &str| {
            if variant.is_empty() {
                default
            } else {
                &variant
            }
            .to_owned()
        };
        let (architecture, variant) = match architecture.as_str() {
            "x86_64" | "x86-64" | "amd64" => ("amd64", or("v1")),
            "aarch64" | "arm64" | "armv8" | "armv8l" => ("arm64", or("v8")),
            "i386" | "i486" | "i586" | "i686" | "x86" | "386" => ("386", variant),
            "armhf" | "armv7" | "armv7l" => ("arm", "v7".to_owned()),
            "armv6" | "armv6l" => ("arm", "v6".to_owned()),
            "armel" => ("arm", "v6".to_owned()),
            "armv5" | "armv5l" | "armv5tel" | "armv5tejl" => ("arm", "v5".to_owned()),
            "arm" => ("arm", or("v7")),
            "powerpc64le" => ("ppc64le", variant),
            "loongarch64" => ("loong64", variant),
            "mips64el" => ("mips64le", variant),
            _ => {
                return Self {
                    os,
                    architecture,
                    variant,
                };
            }
        };
        // With and without the first variant is the same platform.
        let variant = match (architecture, variant.as_str()) {
            ("amd64", "v1") | ("arm64", "v8") => String::new(),
            _ => variant,
        };
        Self {
            os,
            architecture: architecture.to_owned(),
            variant,
        }
    }

    /// Parses `os/architecture[/variant]`, the value of `--platform`.
    pub fn parse(text: &str) -> Result<Self, InvalidPlatform> {
        let mut parts = text.split('/');
        let (Some(os), Some(architecture)) = (parts.next(), parts.next()) else {
            return Err(InvalidPlatform);
        };
        let variant = parts.next();
        let word = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        if parts.next().is_some() || !word(os) || !word(architecture) || !variant.is_none_or(word) {
            return Err(InvalidPlatform);
        }
        Ok(Self::normalised(
            os,
            architecture,
            variant.unwrap_or_default(),
        ))
    }

    /// The variants that a processor of this variant can run, best first.
    fn variants(&self) -> Vec<String> {
        let lowest = match self.architecture.as_str() {
            "amd64" => 1,
            "arm64" => 8,
            "arm" => 5,
            _ => return vec![self.variant.clone()],
        };
        let bare = self.variant.strip_prefix('v').unwrap_or(&self.variant);
        let whole = bare.split('.').next().and_then(|n| n.parse().ok());
        let plain = steps_down(whole.unwrap_or(lowest), lowest)
            .map(|step| Self::normalised(&self.os, &self.architecture, &step).variant);
        // Itself first, since it may not be in the series: `v9.1`, or `arm64/v7`, which nobody
        // builds but an index may list.
        let mut variants = vec![self.variant.clone()];
        variants.extend(plain.filter(|variant| *variant != self.variant));
        variants
    }
}

fn steps_down(top: u32, lowest: u32) -> impl Iterator<Item = String> {
    // No processor has a hundred variants, whatever a hostile index claims.
    (lowest..=top.min(lowest + 100))
        .rev()
        .map(|n| format!("v{n}"))
}

impl From<&Platform> for PlatformEntry {
    fn from(platform: &Platform) -> Self {
        let Platform {
            os,
            architecture,
            variant,
        } = platform.clone();
        Self {
            os,
            architecture,
            variant,
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        if self.variant.is_empty() {
            Ok(())
        } else {
            write!(f, "/{}", self.variant)
        }
    }
}

/// The platform for which an image is pulled.
#[derive(Clone, Debug)]
pub struct PlatformRequest {
    /// The platform.
    pub platform: Platform,
    /// Whether the user requested it: then an image for another platform is an error; for the
    /// host's default platform it is a warning.
    pub explicit: bool,
}

impl PlatformRequest {
    /// How well `offered` matches: 0 is best, `None` is no match.
    pub fn rank(&self, offered: &Platform) -> Option<usize> {
        let platform = &self.platform;
        if (&platform.os, &platform.architecture) != (&offered.os, &offered.architecture) {
            return None;
        }
        let variants = platform.variants();
        let rank = variants
            .iter()
            .position(|variant| *variant == offered.variant);
        // A platform requested without a variant also matches images that have only higher
        // variants: it may be for another machine. The default does not: this machine could not run
        // them.
        rank.or((self.explicit && platform.variant.is_empty()).then_some(variants.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(text: &str) -> Platform {
        Platform::parse(text).unwrap()
    }

    #[test]
    fn spellings_meet_in_one_form() {
        for (typed, meant) in [
            ("linux/x86_64", "linux/amd64"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/amd64/v3", "linux/amd64/v3"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64/8", "linux/arm64"),
            ("linux/arm", "linux/arm/v7"),
            ("linux/armv7l", "linux/arm/v7"),
            ("linux/armhf", "linux/arm/v7"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/armv6l", "linux/arm/v6"),
            ("linux/arm/5", "linux/arm/v5"),
            ("Linux/i686", "linux/386"),
            ("linux/s390x", "linux/s390x"),
            ("linux/ppc64le", "linux/ppc64le"),
            ("linux/riscv64", "linux/riscv64"),
        ] {
            assert_eq!(platform(typed).to_string(), meant);
        }
        for bad in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "linux/amd64/",
            "a/b/c/d",
            "linux/../x",
            "a b/c",
        ] {
            assert!(Platform::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn variants_fall_back_and_never_up() {
        let wanted = |text, asked| PlatformRequest {
            platform: platform(text),
            explicit: asked,
        };
        let rank = |want: &PlatformRequest, offered| want.rank(&platform(offered));
        let pi = wanted("linux/arm/v7", false);
        assert_eq!(rank(&pi, "linux/arm/v7"), Some(0));
        assert_eq!(rank(&pi, "linux/arm/v6"), Some(1));
        assert_eq!(rank(&pi, "linux/arm/v5"), Some(2));
        assert_eq!(rank(&pi, "linux/arm64"), None);
        let new = wanted("linux/amd64/v3", false);
        assert_eq!(rank(&new, "linux/amd64/v3"), Some(0));
        assert_eq!(rank(&new, "linux/amd64"), Some(2));
        assert_eq!(rank(&new, "linux/amd64/v4"), None);
        assert_eq!(rank(&wanted("linux/amd64", false), "linux/amd64/v2"), None);
        assert_eq!(
            rank(&wanted("linux/amd64", true), "linux/amd64/v2"),
            Some(1)
        );
        assert_eq!(
            rank(&wanted("linux/arm64/v9.1", false), "linux/arm64/v9"),
            Some(1)
        );
        assert_eq!(
            rank(&wanted("linux/arm64/v9.1", false), "linux/arm64"),
            Some(2)
        );
        assert_eq!(
            rank(&wanted("linux/riscv64", false), "linux/riscv64"),
            Some(0)
        );
        let absurd = wanted("linux/amd64/v4000000000", true);
        assert_eq!(rank(&absurd, "linux/amd64"), Some(101));
        for odd in ["linux/amd64/v4000000000", "linux/arm64/v1"] {
            assert_eq!(rank(&wanted(odd, false), odd), Some(0));
        }
    }
}
