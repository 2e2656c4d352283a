//! Closed-loop roll-outs, protocols, statistics, plots and reports.
