//! What opens buckets, and what keeps them shut, beside their policies: the account's own block of public access (S3 Control, REST and
//! XML, version 2018-08-20), and access lists.

use super::wire::{Acl, Block};
use super::{Api, Question, S3, public_block, read_xml, told};
use crate::domain::bucket::PublicBlock;
use crate::domain::guest::Guest;
use crate::domain::told::Told;

const CONTROL: Api = Api {
    host: "s3-control",
    signing: "s3",
    variable: "S3_CONTROL",
    target: "",
    version: "",
    only_in: None,
};
/// Called as the action is that allows it.
const BLOCK: Question = Question::new(
    "s3",
    "GetAccountPublicAccessBlock",
    "read the account's public access block",
);
const BLOCK_PATH: &str = "/v20180820/configuration/publicAccessBlock";
const LISTED: Question = Question::new(
    "s3",
    "GetBucketAcl",
    "read whom a bucket's access list lets in",
);

impl S3 {
    /// The account's block of public access, which counts for each of its buckets.
    pub(super) async fn account_block(&self) -> Told<PublicBlock> {
        let account = match self.who.identity().await {
            Ok(who) => who.account,
            Err(problem) => return Told::Unknown(problem.why),
        };
        // It becomes a part of the host.
        if account.is_empty() || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Told::Unknown("which account this is was not told".into());
        }
        let (signed, line) = (&self.signed, &self.line);
        let heard = signed.get_of_account(line, &CONTROL, BLOCK, &account, BLOCK_PATH);
        let read = match heard.await {
            Ok(heard) => match read_xml::<Block>(&heard) {
                Ok(block) => Ok(block),
                Err(seen) => Err(signed.unreadable(line, BLOCK, seen).await),
            },
            Err(problem) => Err(problem),
        };
        told(read, |block| Some(public_block(&block)))
    }

    /// Whom its access list lets in. Where public ones are ignored it lets nobody in, and is not asked for. A bucket whose owner owns all
    /// that is in it answers with the owner alone ("Controlling ownership of objects", Amazon S3 User Guide).
    pub(super) async fn listed(
        &self,
        region: Option<&str>,
        path: &str,
        block: &Told<PublicBlock>,
    ) -> Told<Vec<Guest>> {
        if block.value().is_some_and(|b| b.ignore_acls) {
            return Told::Unset;
        }
        let asked = self.ask::<Acl>(LISTED, region, path, &[("acl", "")]).await;
        let guests = told(asked, |acl| {
            let open = acl.list.0.grants.iter();
            let open =
                open.filter_map(|g| Guest::of_group(g.grantee.uri.as_deref()?, &g.permission));
            let open: Vec<Guest> = open.collect();
            (!open.is_empty()).then_some(open)
        });
        counting(guests, block)
    }
}

/// Whom a list lets in, where it is known that lists count.
fn counting(guests: Told<Vec<Guest>>, block: &Told<PublicBlock>) -> Told<Vec<Guest>> {
    match (guests, block.why_unknown()) {
        (Told::Set(_), Some(why)) => {
            Told::Unknown(format!("it is open, and may count for nothing: {why}"))
        }
        (guests, _) => guests,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_list_lets_nobody_in_for_sure_where_it_may_be_ignored() {
        let all = "http://acs.amazonaws.com/groups/global/AllUsers";
        let open = || Told::Set(vec![Guest::of_group(all, "READ").unwrap()]);
        let unread = Told::Unknown("denied".into());
        assert!(counting(open(), &unread).why_unknown().is_some());
        assert_eq!(counting(open(), &Told::Unset), open());
        assert_eq!(counting(Told::Unset, &unread), Told::Unset);
    }
}
