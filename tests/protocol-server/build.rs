//! Generates the protocol's code from the `.proto` files that ship in the client's package, without `protoc`: what the
//! server speaks is by construction what the client was published with.

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::Command,
};

/// The package whose folder `protos` is read.
const CLIENT: &str = "kurrentdb";

/// What is generated, with whatever they import.
const FILES: &[&str] = &["streams.proto", "gossip.proto", "serverfeatures.proto", "operations.proto"];

fn main() -> Result<(), Box<dyn Error>> {
    let protos = client_folder()?.join("protos");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", protos.display());
    tonic_build::configure()
        .bytes(["."])
        .extern_path(".event_store.client.Empty", "()")
        .include_file("protocol.rs")
        .compile_fds(protox::compile(FILES, [protos])?)?;
    Ok(())
}

/// Where cargo keeps the client's package, in the version that the workspace's lock file names.
fn client_folder() -> Result<PathBuf, Box<dyn Error>> {
    // Offline first: whoever builds the whole workspace has everything already.
    let metadata = metadata(&["--offline"]).or_else(|_| metadata(&[]))?;
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == CLIENT)
        .and_then(|package| package["manifest_path"].as_str())
        .ok_or("the client's package is not in the lock file")?;
    let folder = Path::new(manifest).parent().ok_or("a manifest without a folder")?;
    Ok(folder.to_owned())
}

fn metadata(more: &[&str]) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut command = Command::new(std::env::var("CARGO")?);
    command.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &std::env::var("TARGET")?]);
    let output = command.args(more).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
