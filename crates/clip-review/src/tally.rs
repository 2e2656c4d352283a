//! How many files were given, and what became of them.

use pusht_jobs::counted;

use crate::Totals;

impl Totals {
    /// Clips that were audited: files that can be read and show a PushT board.
    pub fn audited(&self) -> usize {
        self.clips - self.failed - self.no_board
    }

    /// What became of the videos, e.g. `18 videos: 7 cannot be read, 1 without a PushT board, 10 audited`.
    pub fn tally(&self) -> String {
        let audited = self.audited();
        let all = counted(self.clips, "video");
        if audited == self.clips {
            return format!("{all}, audited");
        }
        let parts = [
            (self.failed, "cannot be read"),
            (self.no_board, "without a PushT board"),
            (audited, "audited"),
        ];
        let some = parts.iter().filter(|(count, _)| *count > 0);
        let some: Vec<String> = some.map(|(count, what)| format!("{count} {what}")).collect();
        format!("{all}: {}", some.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counts_add_up() {
        let totals = |clips, failed, no_board| Totals {
            clips,
            failed,
            no_board,
            ..Totals::default()
        };
        let some = totals(18, 7, 1);
        assert_eq!(some.audited(), 10);
        assert_eq!(
            some.tally(),
            "18 videos: 7 cannot be read, 1 without a PushT board, 10 audited"
        );
        assert_eq!(totals(1, 0, 0).tally(), "1 video, audited");
        assert_eq!(totals(2, 2, 0).tally(), "2 videos: 2 cannot be read");
    }
}
