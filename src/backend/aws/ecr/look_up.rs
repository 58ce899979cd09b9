//! One image, before somebody deploys it: whether it is there, and what its repository holds instead.

use jiff::Timestamp;
use serde_json::json;

use super::parts::scan_of;
use super::wire::CachePage;
use super::{
    API, Ecr, IMAGES, ImageId, ImagePage, Pages, Problem, ProblemKind, Question, Repository, image,
};
use crate::backend::transport::is_crash_page;
use crate::domain::image::{EcrName, Image, LookUp, NoCommit, commit_of_tag, newest_tags};
use crate::domain::service::image_tag;

/// Pages of a repository's images that are looked through for the newest: 1,000 a page, in no order.
const PAGES: usize = 5;
/// Tags that are named instead of one that is not there.
const NAMED: usize = 5;

const CACHES: Question = Question::new(
    "ecr",
    "DescribePullThroughCacheRules",
    "read which repositories are caches",
);

/// Whether a rule's prefix is about a repository; `ROOT` is about all that no other rule is about (Amazon ECR user guide, "Creating
/// a pull through cache rule").
fn is_below(repository: &str, prefix: &str) -> bool {
    let rest = repository.strip_prefix(prefix.trim_end_matches('/'));
    prefix == "ROOT" || rest.is_some_and(|r| !prefix.is_empty() && r.starts_with('/'))
}

/// The repository that a reference names, of which no more is known.
fn repository(name: &EcrName<'_>) -> Repository {
    Repository {
        name: name.repository.to_owned(),
        uri: name.uri.to_owned(),
        scan_on_push: false,
        immutable: false,
        created_at: None,
    }
}

impl Ecr {
    /// Looks an image up by the reference that a task definition would hold.
    ///
    /// # Errors
    /// Where the registry could not be asked, or refused.
    pub async fn look_up(&self, reference: &str) -> Result<LookUp, Problem> {
        let Some(name) = EcrName::of(reference) else {
            return Ok(LookUp::Elsewhere);
        };
        let ours = self.signed.region().await?;
        if name.region != ours {
            return Ok(LookUp::Abroad(name.region.to_owned()));
        }
        let of = repository(&name);
        match self.images_of(&name, &of, Some(name.id)).await {
            Ok((found, _)) => match found.into_iter().next() {
                Some(mut image) => {
                    // Basic scans of some endpoints are told of here alone.
                    let told = match (image.scan.is_done(), &image.parts) {
                        (true, _) => Ok(()),
                        (false, None) => self.scan(&mut image).await,
                        (false, Some(_)) => self.scan_parts(&mut image, &name, &of).await,
                    };
                    Ok(LookUp::Here {
                        image: Box::new(image),
                        unread_scan: told.err().map(|p| p.why),
                    })
                }
                None => self.instead(&name, &of).await,
            },
            Err(p) if p.kind == ProblemKind::NotFound => self.instead(&name, &of).await,
            Err(p) => Err(p),
        }
    }

    /// What scans found in the images that a list names.
    async fn scan_parts(
        &self,
        list: &mut Image,
        name: &EcrName<'_>,
        of: &Repository,
    ) -> Result<(), Problem> {
        let parts = self.parts(list).await?;
        let mut all = Vec::new();
        for digest in &parts {
            let id = Some(ImageId::Digest(digest));
            for mut image in self.images_of(name, of, id).await?.0 {
                if !image.scan.is_done() {
                    self.scan(&mut image).await?;
                }
                all.push(image);
            }
        }
        let find = |digest: &str| all.iter().find(|i| i.digest == digest);
        if let Some((scan, findings)) = scan_of(&parts, find) {
            (list.scan, list.findings) = (scan, findings);
        }
        list.parts = Some(parts);
        Ok(())
    }

    /// The commit that an image was built from, as its own tag or another one of it in the registry names it.
    ///
    /// # Errors
    /// Where the registry could not be asked, or refused.
    pub async fn commit(&self, reference: &str) -> Result<Result<String, NoCommit>, Problem> {
        if let Some(commit) = commit_of_tag(image_tag(reference)) {
            return Ok(Ok(commit.to_owned()));
        }
        let Some(name) = EcrName::of(reference) else {
            return Ok(Err(NoCommit::Elsewhere));
        };
        if name.region != self.signed.region().await? {
            return Ok(Err(NoCommit::Elsewhere));
        }
        match self
            .images_of(&name, &repository(&name), Some(name.id))
            .await
        {
            Ok((found, _)) => Ok(match found.first() {
                Some(image) => image.commit().map(str::to_owned).ok_or(NoCommit::Untagged),
                None => Err(NoCommit::Gone),
            }),
            Err(p) if p.kind == ProblemKind::NotFound => Ok(Err(NoCommit::Gone)),
            Err(p) => Err(p),
        }
    }

    /// When the image that a reference names was pushed (UTC), and nothing else of it. `None`: nobody tells.
    ///
    /// # Errors
    /// Where the registry could not be asked, or refused.
    pub async fn pushed_at(&self, reference: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(name) = EcrName::of(reference) else {
            return Ok(None);
        };
        if name.region != self.signed.region().await? {
            return Ok(None);
        }
        let of = repository(&name);
        let (found, _) = self.images_of(&name, &of, Some(name.id)).await?;
        Ok(found.first().and_then(|i| i.pushed_at))
    }

    /// Whether a repository's images come from another registry when they are first pulled. The rules are those of the account whose
    /// registry it is: what ours says tells nothing of another's.
    async fn is_cache(&self, name: &EcrName<'_>) -> Result<bool, Problem> {
        let take = |p: CachePage| (p.pull_through_cache_rules.0, p.next_token);
        let input = json!({"registryId": name.account, "maxResults": 1000});
        let rules = match self.pages(CACHES, input, take).await {
            // An emulator that does not know of such rules has none; moto says so with a web page.
            Err(p) if p.kind == ProblemKind::Unsupported || is_crash_page(&p) => {
                let is_emulator = !self.signed.is_aws().await;
                return if is_emulator { Ok(false) } else { Err(p) };
            }
            answer => answer?,
        };
        Ok(rules
            .iter()
            .any(|r| is_below(name.repository, &r.ecr_repository_prefix)))
    }

    /// What the repository holds in place of an image that is not there.
    async fn instead(&self, name: &EcrName<'_>, of: &Repository) -> Result<LookUp, Problem> {
        match self.is_cache(name).await {
            Ok(false) => {}
            Ok(true) => return Ok(LookUp::Cache(of.name.clone())),
            // Who may list images need not be allowed to read the rules: that is no reason to refuse a good deploy.
            Err(p) => {
                return Ok(LookUp::MaybeCache {
                    repository: of.name.clone(),
                    why: p.why,
                });
            }
        }
        match self.images_of(name, of, None).await {
            Ok((images, cut)) => Ok(LookUp::Absent {
                repository: of.name.clone(),
                newest: newest_tags(&images, NAMED),
                cut,
            }),
            Err(p) if p.kind == ProblemKind::NotFound => Ok(LookUp::NoRepository(of.name.clone())),
            // That the image is not there was answered all the same.
            Err(_) => Ok(LookUp::Absent {
                repository: of.name.clone(),
                newest: Vec::new(),
                cut: true,
            }),
        }
    }

    /// Images of a repository in the registry that a reference names, and whether there are more.
    async fn images_of(
        &self,
        name: &EcrName<'_>,
        of: &Repository,
        id: Option<ImageId<'_>>,
    ) -> Result<(Vec<Image>, bool), Problem> {
        let mut input = json!({"registryId": name.account, "repositoryName": of.name});
        match id {
            Some(ImageId::Digest(digest)) => input["imageIds"] = json!([{"imageDigest": digest}]),
            Some(ImageId::Tag(tag)) => input["imageIds"] = json!([{"imageTag": tag}]),
            None => input["maxResults"] = json!(1000),
        }
        let mut all = Vec::new();
        let mut pages = Pages::at_most(PAGES);
        loop {
            let page: ImagePage = self.signed.json(&self.line, &API, IMAGES, &input).await?;
            all.extend(page.image_details.0.into_iter().map(|e| image(e, of)));
            if !pages.turn(all.len(), page.next_token)? {
                return Ok((all, pages.is_cut()));
            }
            input["nextToken"] = json!(pages.token());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_below;

    #[test]
    fn a_cache_is_what_stands_below_a_rule_s_prefix() {
        assert!(is_below("docker-hub/library/nginx", "docker-hub"));
        assert!(is_below("docker-hub/library/nginx", "docker-hub/"));
        assert!(is_below("anything", "ROOT"));
        assert!(!is_below("docker-hubs/nginx", "docker-hub"));
        assert!(!is_below("docker-hub", "docker-hub"));
        assert!(!is_below("a/b", ""));
    }
}
