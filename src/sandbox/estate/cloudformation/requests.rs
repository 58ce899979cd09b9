//! Requests that change stacks.

use super::{ChangeSet, Goal, Kind, Stack, Stacks, change_set, invalid, missing, template};
use crate::wire::{ApiError, Node, map};
use crate::world::World;

/// What a request wants of a stack: its template, or the one it has, with parameters.
fn goal(input: &Node, stack: &Stack, hex: String) -> Result<Goal, ApiError> {
    let body = match input.get("TemplateBody").as_text() {
        Some(text) => template::parse(text)?,
        None if input.get("UsePreviousTemplate").as_bool() == Some(true) => stack.body.clone(),
        None => {
            return Err(invalid(
                "Either Template URL or Template Body must be specified.",
            ));
        }
    };
    let parameters = template::parameters(&body, input.get("Parameters"), &stack.parameters)?;
    let makes_roles = template::resources(&body).any(|(_, r)| {
        r["Type"]
            .as_str()
            .is_some_and(|t| t.starts_with("AWS::IAM::"))
    });
    let may = input
        .get("Capabilities")
        .as_strs()
        .iter()
        .any(|c| c.contains("IAM"));
    if makes_roles && !may {
        return Err(ApiError::new(
            "InsufficientCapabilitiesException",
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
        ));
    }
    Ok(Goal {
        body,
        parameters,
        hex,
    })
}

fn token(input: &Node) -> Option<String> {
    input.get("ClientRequestToken").as_text().map(str::to_owned)
}

fn named(stack: &Stack) -> Node {
    map([("StackId", Node::from(&stack.id))])
}

impl Stack {
    /// Whether a request was carried out before; a token counts once.
    fn knows(&self, input: &Node) -> bool {
        token(input).is_some_and(|t| self.tokens.contains(&t))
    }

    fn take(&mut self, input: &Node) {
        self.token = token(input);
        self.tokens.extend(token(input));
        let capabilities = input.get("Capabilities").as_strs();
        if !capabilities.is_empty() {
            self.capabilities = capabilities.into_iter().map(str::to_owned).collect();
        }
        if !input.get("Tags").is_null() {
            self.tags = input.get("Tags").clone();
        }
        self.keep_on_failure = input.get("DisableRollback").as_bool() == Some(true)
            || input.get("OnFailure").as_text() == Some("DO_NOTHING");
    }

    fn refuse_if_busy(&self) -> Result<(), ApiError> {
        let settled = self.status.ends_with("_COMPLETE") && self.status != "ROLLBACK_COMPLETE";
        if settled || self.status == "UPDATE_FAILED" {
            return Ok(());
        }
        Err(invalid(format!(
            "Stack:{} is in {} state and can not be updated.",
            self.id, self.status
        )))
    }
}

impl Stacks {
    pub(super) fn create(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let name = input.get("StackName").as_text().unwrap_or_default();
        if let Some(stack) = self.find(name).and_then(|n| self.all.get(n)) {
            if stack.knows(input) {
                return Ok(named(stack));
            }
            return Err(ApiError::new(
                "AlreadyExistsException",
                format!("Stack [{name}] already exists"),
            ));
        }
        let mut stack = Stack::new(name, &self.dice.uuid(), world.stamp());
        let goal = goal(input, &stack, self.dice.hex(32))?;
        stack.take(input);
        stack.protected = input.get("EnableTerminationProtection").as_bool() == Some(true);
        stack.begin(Kind::Create, goal, world.stamp());
        let told = named(&stack);
        self.all.push(stack);
        Ok(told)
    }

    pub(super) fn update(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let hex = self.dice.hex(32);
        let stack = self.stack_mut(input)?;
        if stack.knows(input) {
            return Ok(named(stack));
        }
        stack.refuse_if_busy()?;
        let goal = goal(input, stack, hex)?;
        if super::goal::differences(stack, &goal).is_empty() {
            return Err(invalid("No updates are to be performed."));
        }
        stack.take(input);
        stack.begin(Kind::Update, goal, world.stamp());
        Ok(named(stack))
    }

    pub(super) fn cancel(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let stack = self.stack_mut(input)?;
        if stack.status != "UPDATE_IN_PROGRESS" {
            return Err(invalid(
                "CancelUpdateStack cannot be called from current stack status",
            ));
        }
        stack.turn_back(world.stamp(), "User Initiated");
        Ok(Node::Null)
    }

    pub(super) fn resume(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let stack = self.stack_mut(input)?;
        if stack.status != "UPDATE_ROLLBACK_FAILED" {
            return Err(invalid(format!(
                "Stack:{} is in {} state and can not continue update rollback.",
                stack.id, stack.status
            )));
        }
        stack.resume(&input.get("ResourcesToSkip").as_strs(), world.stamp());
        Ok(map::<&str, 0>([]))
    }

    /// Deleting what does not exist is no error, as with the vendor.
    pub(super) fn delete(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let Ok(stack) = self.stack_mut(input) else {
            return Ok(Node::Null);
        };
        if stack.protected {
            let why = format!(
                "Stack [{}] cannot be deleted while TerminationProtection is enabled",
                stack.name
            );
            return Err(invalid(why));
        }
        if stack.deleted.is_none() && stack.status != "DELETE_IN_PROGRESS" {
            stack.token = token(input);
            stack.remove(&input.get("RetainResources").as_strs(), world.stamp());
        }
        Ok(Node::Null)
    }

    /// The change set that a request names, by its ARN or by its name and its stack's.
    pub(super) fn change_set(&self, input: &Node) -> Result<(&Stack, &ChangeSet), ApiError> {
        let name = input.get("ChangeSetName").as_text().unwrap_or_default();
        let stack = input.get("StackName").as_text();
        let of = self.all.iter().filter(|s| stack.is_none_or(|n| s.is(n)));
        let mut all = of.flat_map(|s| s.change_sets.iter().map(move |c| (s, c)));
        let found = all.find(|(_, c)| c.id == name || (c.name == name && stack.is_some()));
        found.ok_or_else(|| {
            let why = format!("ChangeSet [{name}] does not exist");
            ApiError::new("ChangeSetNotFound", why).with_status(404)
        })
    }

    pub(super) fn create_change_set(
        &mut self,
        input: &Node,
        world: &World,
    ) -> Result<Node, ApiError> {
        let text = |name: &str| input.get(name).as_text().unwrap_or_default().to_owned();
        let (name, now) = (text("StackName"), world.stamp());
        let makes = text("ChangeSetType") == "CREATE";
        match self.find(&name).and_then(|n| self.all.get(n)) {
            None if makes => {
                let mut stack = Stack::new(&name, &self.dice.uuid(), now);
                stack.set(now, "REVIEW_IN_PROGRESS", Some("User Initiated".into()));
                self.all.push(stack);
            }
            None => return Err(missing(&name)),
            Some(s) if makes && s.status != "REVIEW_IN_PROGRESS" => {
                let why = format!(
                    "Stack [{name}] already exists and cannot be created again with the changeSet [{}].",
                    text("ChangeSetName")
                );
                return Err(invalid(why));
            }
            Some(s)
                if s.change_sets
                    .iter()
                    .any(|c| c.name == text("ChangeSetName")) =>
            {
                let why = format!("ChangeSet {} already exists", text("ChangeSetName"));
                return Err(ApiError::new("AlreadyExistsException", why));
            }
            Some(_) => {}
        }
        let (uuid, hex) = (self.dice.uuid(), self.dice.hex(32));
        let stack = self.stack_mut(input)?;
        let goal = goal(input, stack, hex)?;
        let ready = now + change_set::SECONDS / world.speed;
        let mut set = ChangeSet::new(&text("ChangeSetName"), &uuid, stack, goal, (now, ready));
        set.about = input.get("Description").as_text().map(str::to_owned);
        set.capabilities = input
            .get("Capabilities")
            .as_strs()
            .into_iter()
            .map(str::to_owned)
            .collect();
        set.tags = input.get("Tags").clone();
        let told = map([("Id", Node::from(&set.id)), ("StackId", (&stack.id).into())]);
        stack.change_sets.push(set);
        Ok(told)
    }

    pub(super) fn execute(&mut self, input: &Node, world: &World) -> Result<Node, ApiError> {
        let (stack, set) = self.change_set(input)?;
        if stack.knows(input) {
            return Ok(map::<&str, 0>([]));
        }
        let (status, execution, _) = set.state(world.stamp());
        if execution != "AVAILABLE" {
            let why = format!(
                "ChangeSet [{}] cannot be executed in its current status of [{status}]",
                set.id
            );
            return Err(ApiError::new("InvalidChangeSetStatus", why));
        }
        let is_new = stack.status == "REVIEW_IN_PROGRESS";
        if !is_new {
            stack.refuse_if_busy()?;
        }
        let (id, goal, capabilities) = (set.id.clone(), set.goal(), set.capabilities.clone());
        let stack_id = stack.id.clone();
        let stack = self
            .all
            .iter_mut()
            .find(|s| s.id == stack_id)
            .ok_or_else(|| missing(&stack_id))?;
        stack.take(input);
        if !capabilities.is_empty() {
            stack.capabilities = capabilities;
        }
        // The others were worked out against what the stack no longer will be.
        stack.change_sets.retain(|c| c.id == id);
        for set in &mut stack.change_sets {
            set.execution = "EXECUTE_IN_PROGRESS";
        }
        stack.begin(
            if is_new { Kind::Create } else { Kind::Update },
            goal,
            world.stamp(),
        );
        Ok(map::<&str, 0>([]))
    }

    pub(super) fn delete_change_set(&mut self, input: &Node) -> Result<Node, ApiError> {
        let found = self
            .change_set(input)
            .map(|(s, c)| (s.id.clone(), c.id.clone()));
        // Deleting one that is gone is no error.
        if let Ok((stack, set)) = found
            && let Some(stack) = self.all.iter_mut().find(|s| s.id == stack)
        {
            stack.change_sets.retain(|c| c.id != set);
        }
        Ok(map::<&str, 0>([]))
    }
}
