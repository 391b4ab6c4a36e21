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
    /// A file of another size also has other contents: a program that looks for `contents` must find it.
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
            Self::Type(expected, actual) => ("type", Some((text(expected), text(actual)))),
            Self::Mode(expected, actual) => ("mode", Some((octal(expected), octal(actual)))),
            Self::Owner(expected, actual) => ("owner", Some((owner(expected), owner(actual)))),
            Self::Mtime(expected, actual) => {
                let times = (text(&Timestamp(*expected)), text(&Timestamp(*actual)));
                ("mtime", Some(times))
            }
            Self::Size(expected, actual) => ("size", Some((Number(*expected), Number(*actual)))),
            Self::Contents => ("contents", None),
            Self::Target(expected, actual) => {
                ("target", Some((Text(lossy(expected)), Text(lossy(actual)))))
            }
            Self::Device(expected, actual) => ("device", Some((device(expected), device(actual)))),
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
