//! Differences as JSON.

use super::difference::{Aspect, Change, Difference};
use super::timestamp::Timestamp;
use crate::report::{AspectReport, AspectValue, PathReport};
use crate::sys::Owner;

impl Difference {
    /// One line of JSON.
    pub fn to_json(&self) -> String {
        let aspects = match &self.change {
            Change::Changed(aspects) => aspects.as_slice(),
            Change::Added | Change::Missing | Change::Unread => &[],
        };
        let is_text = str::from_utf8(&self.path).is_ok();
        let report = PathReport {
            path: format!("/{}", String::from_utf8_lossy(&self.path)),
            path_bytes: (!is_text).then_some(&self.path),
            change: self.change.word(),
            aspects: aspects.iter().flat_map(Aspect::reports).collect(),
        };
        report.to_line()
    }
}

impl Aspect {
    /// Bytes of another number are others, too: a program that asks for `contents` alone must find them.
    fn reports(&self) -> impl Iterator<Item = AspectReport> {
        let contents = matches!(self, Self::Size(..)).then_some(Self::Contents);
        [Some(self.report()), contents.map(|aspect| aspect.report())]
            .into_iter()
            .flatten()
    }

    fn report(&self) -> AspectReport {
        use AspectValue::{Number, Text};
        let text = |text: &dyn ToString| Text(text.to_string());
        let octal = |mode: &u32| Text(format!("{mode:04o}"));
        let owner = |&Owner { uid, gid }: &Owner| AspectValue::Owner { uid, gid };
        let device = |&(major, minor): &(u32, u32)| AspectValue::Device { major, minor };
        let lossy = |text: &std::ffi::CString| text.to_string_lossy().into_owned();
        let (aspect, values) = match self {
            Self::Type(wanted, is) => ("type", Some((text(wanted), text(is)))),
            Self::Mode(wanted, is) => ("mode", Some((octal(wanted), octal(is)))),
            Self::Owner(wanted, is) => ("owner", Some((owner(wanted), owner(is)))),
            Self::Mtime(wanted, is) => {
                let times = (text(&Timestamp(*wanted)), text(&Timestamp(*is)));
                ("mtime", Some(times))
            }
            Self::Size(wanted, is) => ("size", Some((Number(*wanted), Number(*is)))),
            Self::Contents => ("contents", None),
            Self::Target(wanted, is) => ("target", Some((Text(lossy(wanted)), Text(lossy(is))))),
            Self::Device(wanted, is) => ("device", Some((device(wanted), device(is)))),
            Self::Xattr(_) => ("xattr", None),
            Self::HardLink => ("hard link", None),
        };
        let (expected, actual) = values.unzip();
        AspectReport {
            aspect,
            name: match self {
                Self::Xattr(name) => Some(lossy(name)),
                _ => None,
            },
            expected,
            actual,
        }
    }
}
