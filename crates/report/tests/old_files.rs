//! Reports of earlier versions are read under their old names.
#![allow(clippy::unwrap_used)]

use report::{ExperimentReport, PictureGroup, REPORT_SCHEMA};

#[test]
fn a_report_json() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("report.json"),
        include_str!("fixtures/report_schema_1.json"),
    )
    .unwrap();
    let report = ExperimentReport::read(folder.path()).unwrap();
    assert_eq!(report.schema, REPORT_SCHEMA);
    assert_eq!(report.pictures[0].group, PictureGroup::Demonstrations);
    report.write(folder.path()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(text.contains("\"group\":\"demonstrations\"") && !text.contains("\"shows\""));
    // NaN is null in the file, so the texts are compared.
    let again = ExperimentReport::read(folder.path()).unwrap();
    assert_eq!(format!("{again:?}"), format!("{report:?}"));
}
