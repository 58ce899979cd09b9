//! Environments, profiles and versions as the vendor shows them.

use serde_json::{Value, json};

use super::rollout::Stage;
use super::{Environment, Profile, Version};
use crate::web::Reply;

impl Environment {
    pub(super) fn show(&self, application: &str) -> Value {
        let state = match self.deployments.last().map(|d| d.stage) {
            Some(Stage::Deploying | Stage::Baking) => "DEPLOYING",
            Some(Stage::RolledBack) => "ROLLED_BACK",
            Some(Stage::Reverted) => "REVERTED",
            _ => "READY_FOR_DEPLOYMENT",
        };
        json!({
            "ApplicationId": application, "Id": self.id, "Name": self.name, "State": state, "Monitors": [],
            "Description": format!("The {} environment", self.name),
        })
    }
}

impl Profile {
    pub(super) fn show(&self, application: &str) -> Value {
        json!({
            "ApplicationId": application, "Id": self.id, "Name": self.name, "LocationUri": "hosted",
            "Type": self.kind, "ValidatorTypes": [],
        })
    }

    /// A version's number, by its number or its label.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        let labelled = self
            .versions
            .iter()
            .position(|v| v.label.as_deref() == Some(wanted));
        let number = wanted
            .parse()
            .ok()
            .filter(|n| (1..=self.versions.len()).contains(n));
        number.or(labelled.map(|i| i + 1))
    }
}

impl Version {
    pub(super) fn summary(&self, application: &str, profile: &str, number: usize) -> Value {
        let mut shown = json!({
            "ApplicationId": application, "ConfigurationProfileId": profile, "VersionNumber": number,
            "Description": self.about, "ContentType": self.content_type,
        });
        if let (Some(label), Some(members)) = (&self.label, shown.as_object_mut()) {
            members.insert("VersionLabel".into(), json!(label));
        }
        shown
    }

    pub(super) fn reply(
        &self,
        status: u16,
        application: &str,
        profile: &str,
        number: usize,
    ) -> Reply {
        let reply = Reply {
            status,
            headers: Vec::new(),
            content_type: "",
            body: self.content.clone(),
        };
        let reply = reply
            .with("content-type", &self.content_type)
            .with("application-id", application)
            .with("configuration-profile-id", profile)
            .with("version-number", number.to_string())
            .with("description", &self.about);
        match &self.label {
            Some(label) => reply.with("versionlabel", label),
            None => reply,
        }
    }
}
