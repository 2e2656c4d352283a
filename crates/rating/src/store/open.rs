//! Opens and creates databases; other files are refused before anything is written to them.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, params};

use super::{Fault, PATIENCE, Store, now};
use crate::RatingError;
use pusht_jobs::open_file;

/// Application ID of the database, `PRTs`: PushT ratings.
const APPLICATION: i64 = 0x5052_5473;
/// Version of the tables.
const VERSION: i64 = 1;

impl Store {
    /// Opens a database, or creates one with the order of clips given by `seed`.
    pub(crate) fn open_or_create(path: &Path, seed: u64) -> Result<Self, RatingError> {
        if let Some(folder) = path.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(RatingError::io(folder))?;
        }
        if !path.exists() {
            private(path).map_err(RatingError::io(path))?;
        }
        Self::with(path, Some(seed))
    }

    /// Opens a database that exists.
    pub(crate) fn open(path: &Path) -> Result<Self, RatingError> {
        if !path.exists() {
            return Err(RatingError::NoDatabase { path: path.into() });
        }
        Self::with(path, None)
    }

    fn with(path: &Path, seed: Option<u64>) -> Result<Self, RatingError> {
        check_file(path)?;
        let database = |source| RatingError::Database {
            path: path.into(),
            source,
        };
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if seed.is_some() {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(database)?;
        connection.busy_timeout(PATIENCE).map_err(database)?;
        let mut store = Self {
            path: path.into(),
            connection,
            seed: 0,
            secret: [0; 32],
        };
        store.settings().map_err(|f| f.at(path))?;
        (store.seed, store.secret) = match seed {
            Some(seed) => store.write(|transaction| {
                if identity(transaction, path)? {
                    create(transaction, seed)?;
                }
                study(transaction)
            })?,
            None => {
                let read = |store: &mut Self| -> Result<_, Fault> {
                    let transaction = store.connection.transaction()?;
                    if identity(&transaction, path)? {
                        return Err(not_ours(path, "an empty database").into());
                    }
                    study(&transaction)
                };
                read(&mut store).map_err(|f| f.at(path))?
            }
        };
        if seed.is_some() {
            store.durable().map_err(|f| f.at(path))?;
            sync_folder(path)?;
        }
        Ok(store)
    }

    /// Settings of this connection, applied before its first statement.
    fn settings(&self) -> Result<(), Fault> {
        // With the write-ahead log, EXTRA is FULL: a commit returns when the log is on disk.
        self.connection.pragma_update(None, "synchronous", "EXTRA")?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.pragma_update(None, "trusted_schema", false)?;
        Ok(())
    }

    /// Enables the write-ahead log and checks the integrity of the file.
    fn durable(&self) -> Result<(), Fault> {
        let start = Instant::now();
        loop {
            // This reports busy without waiting while another process opens the file.
            match self
                .connection
                .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
            {
                Ok(_) => break,
                Err(e) if busy(&e) && start.elapsed() < PATIENCE => {
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
                Err(e) => return Err(e.into()),
            }
        }
        let found: String = self
            .connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(not_ours(&self.path, &format!("damaged ({found})")).into());
        }
        Ok(())
    }
}

fn busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

fn not_ours(path: &Path, found: &str) -> RatingError {
    RatingError::NotOurs {
        path: path.into(),
        found: found.into(),
    }
}

/// Creates an empty file that other users of the machine cannot read, as it will hold names and the token's secret.
/// SQLite gives the files next to it the same permissions.
fn private(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Another process has created it meanwhile.
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

/// Checks the file, as SQLite would take an empty or short one for a new database.
fn check_file(path: &Path) -> Result<(), RatingError> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(());
    };
    if metadata.is_dir() {
        return Err(not_ours(path, "a folder"));
    }
    let mut start = Vec::new();
    let file = open_file(path).map_err(RatingError::io(path))?;
    file.take(16).read_to_end(&mut start).map_err(RatingError::io(path))?;
    match start.is_empty() || start == b"SQLite format 3\0" {
        true => Ok(()),
        false => Err(not_ours(path, "a file of another kind")),
    }
}

/// Whether the database is new; an error if it is not a database of ratings.
fn identity(transaction: &Transaction, path: &Path) -> Result<bool, Fault> {
    let pragma = |name: &str| transaction.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    if application == 0 && version == 0 && tables == 0 {
        return Ok(true);
    }
    if application != APPLICATION {
        return Err(not_ours(path, "a database of another program").into());
    }
    if version != VERSION {
        return Err(Fault::Refused(RatingError::Version {
            path: path.into(),
            found: version,
            expected: VERSION,
        }));
    }
    Ok(false)
}

fn create(transaction: &Transaction, seed: u64) -> Result<(), Fault> {
    transaction.execute_batch(include_str!("schema.sql"))?;
    transaction.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};"
    ))?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.to_string().into()))?;
    transaction.execute(
        "INSERT INTO study (only, created, seed, secret) VALUES (1, ?1, ?2, ?3)",
        params![now(transaction)?, seed.cast_signed(), secret],
    )?;
    Ok(())
}

fn study(transaction: &Transaction) -> Result<(u64, [u8; 32]), Fault> {
    let row = transaction
        .query_row("SELECT seed, secret FROM study", [], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, [u8; 32]>(1)?))
        })
        .optional()?;
    row.ok_or(Fault::Database(rusqlite::Error::QueryReturnedNoRows))
}

/// Syncs the folder, so that the name of a new file is on disk as well.
fn sync_folder(path: &Path) -> Result<(), RatingError> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    pusht_jobs::sync_folder(folder).map_err(RatingError::io(folder))
}
