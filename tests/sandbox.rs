//! The sandbox, judged by the vendor's own clients: starts it in this process and runs boto3 and the AWS CLI against it.

use std::process::Command;

use flightdeck::sandbox::{self, Options};

fn python_has(module: &str) -> bool {
    Command::new("python3")
        .args(["-c", &format!("import {module}")])
        .output()
        .is_ok_and(|o| o.status.success())
}

/// Runs a file of peer tests with the sandbox's address in its environment.
async fn judged_by(file: &str) {
    if !python_has("boto3") {
        println!("skipped: {file}: boto3 is not installed");
        return;
    }
    let sandbox = sandbox::start(Options {
        speed: 20.0,
        ..Options::default()
    })
    .await
    .unwrap();
    let path = format!("{}/tests/peers/{file}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("python3");
    command
        .arg(&path)
        .env("FLIGHTDECK_SANDBOX_ENDPOINT", sandbox.endpoint())
        .env("AWS_ACCESS_KEY_ID", sandbox.access_key())
        .env("AWS_SECRET_ACCESS_KEY", sandbox.secret_key())
        .env("AWS_DEFAULT_REGION", sandbox.region())
        .env_remove("AWS_PROFILE");
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_reads_and_drives_ecs() {
    judged_by("test_sandbox_ecs.py").await;
}
