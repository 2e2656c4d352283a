//! Published weights from other places than the Hub.

use anyhow::Result;
use bc_policy::{HubFile, ImageConfig, PolicyConfig, RESNET18_IMAGENET};
use pusht_jobs::JobContext;

/// Downloads torchvision's weights of ResNet-18 if a policy starts from them and they are not in the cache folder.
///
/// # Errors
/// A failed download, or other content than published.
pub fn fetch_imagenet(policy: &PolicyConfig, ctx: &mut JobContext) -> Result<()> {
    let init = policy.section::<ImageConfig>().and_then(|image| image.init.as_deref());
    if init.is_none_or(|init| init.as_os_str() != ImageConfig::IMAGENET) {
        return Ok(());
    }
    let file = HubFile::cache().join(RESNET18_IMAGENET.file);
    if !file.exists() {
        download(&file, ctx)?;
    }
    Ok(())
}

#[cfg(feature = "hub")]
fn download(file: &std::path::Path, ctx: &mut JobContext) -> Result<()> {
    use hub_files::{DownloadLimits, HubSettings};
    let advice = format!(
        "What to do: behind a proxy set HTTPS_PROXY; without a network download {} elsewhere and put it at {}",
        RESNET18_IMAGENET.url,
        file.display()
    );
    let limits = DownloadLimits {
        most_bytes: 100_000_000,
        about_bytes: 46_830_571,
        advice: &advice,
    };
    hub_files::download(RESNET18_IMAGENET.url, file, &limits, &HubSettings::from_env()?, ctx)?;
    if let Err(error) = RESNET18_IMAGENET.verify(file) {
        std::fs::remove_file(file)?;
        return Err(error.into());
    }
    Ok(())
}

/// A build without downloads leaves it to the training to say what is missing.
#[cfg(not(feature = "hub"))]
#[allow(clippy::unnecessary_wraps, reason = "the other build fails")]
fn download(_: &std::path::Path, _: &mut JobContext) -> Result<()> {
    Ok(())
}
