// What programs see: the same JSON in the command's output, the HTTP API and exports. Keys are stable; an absent value is
// null; times are ISO 8601 UTC with milliseconds.

func output<Value>(_ value: Value?, _ convert: (Value) -> JSONValue) -> JSONValue { value.map(convert) ?? .null }

func output(_ time: Timestamp?) -> JSONValue { output(time) { .string($0.description) } }

func output(_ duration: Duration?) -> JSONValue { output(duration) { .double($0.inSeconds) } }

func output(_ text: String?) -> JSONValue { output(text) { .string($0) } }

func output(_ number: Int?) -> JSONValue { output(number) { .int(Int64($0)) } }

extension Summary {
    /// Run JSON: the visible state, and counts of task states that occur.
    public var outputJSON: JSONValue { .object(outputMembers) }

    var outputMembers: [String: JSONValue] {
        let counts = folded.taskCounts.filter { $0.value > 0 }.map { ($0.key.rawValue, JSONValue.int(Int64($0.value))) }
        return [
            "run_id": .string(id.id),
            "dag_id": .string(dag.rawValue),
            "dag_version": output(folded.dagVersion?.hexadecimal),
            "workspace_id": output(workspace?.rawValue),
            "state": .string(visibleState.rawValue),
            "trigger": .string(trigger),
            "logical_date": output(logicalDate),
            "params": .object(folded.params),
            "labels": .object(labels.mapValues { .string($0) }),
            "created_at": output(createdAt),
            "updated_at": output(folded.updatedAt),
            "started_at": output(folded.startedAt),
            "ended_at": output(folded.endedAt),
            "duration_seconds": output(folded.duration),
            "failure_reason": output(folded.failureReason),
            "task_counts": .object(Dictionary(uniqueKeysWithValues: counts)),
            "resume_count": output(folded.resumeCount),
            "retry_count": output(folded.retryCount),
            "parent_run_id": output(parent?.rawValue),
            "metadata": .object(metadata),
        ]
    }
}

extension RunDetail {
    /// Run JSON with tasks, XComs, artifacts and plan.
    public var outputJSON: JSONValue {
        var members = summary.outputMembers
        members["current_tasks"] = .array(currentTasks.map { .string($0.rawValue) })
        members["tasks_executed"] = .array(executedTasks.map { .string($0.rawValue) })
        members["tasks_failed"] = .array(failedTasks.map { .string($0.rawValue) })
        members["tasks"] = .array(fold.currentInstances.map(\.outputJSON))
        members["xcoms"] = .array(xcoms.map(\.outputJSON))
        members["artifacts"] = .array(artifacts.map(\.outputJSON))
        members["plan"] = fold.definition?.planJSON ?? .null
        return .object(members)
    }
}

extension TaskInstance {
    public var outputJSON: JSONValue { .object(outputMembers) }

    /// `cached` is there, and true, for those whose result came from the cache.
    var outputMembers: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "task_id": .string(id.task.rawValue),
            "map_index": output(id.mapIndex),
            "state": .string(state.rawValue),
            "try_number": output(tryNumber),
            "max_tries": output(maxTries),
            "exit_code": output(exitCode),
            "started_at": output(startedAt),
            "ended_at": output(endedAt),
            "duration_seconds": output(duration),
            "error": output(error),
        ]
        if cachedAs != nil { members["cached"] = true }
        return members
    }
}

extension XComEntry {
    /// A value that was not read, for its size, is null.
    public var outputJSON: JSONValue {
        [
            "task_id": .string(instance.task.rawValue),
            "map_index": output(instance.mapIndex),
            "key": .string(key),
            "value": value ?? .null,
            "created_at": output(createdAt),
            "size": output(size),
        ]
    }
}

extension ArtifactReference {
    /// `schema` is there for those that follow one.
    public var outputJSON: JSONValue {
        var members: [String: JSONValue] = [
            "key": .string(key.rawValue),
            "size": .int(size),
            "digest": .string(digest.hexadecimal),
            "media_type": .string(mediaType),
        ]
        members["schema"] = schema.map { .string($0) }
        return .object(members)
    }
}

extension DAGDefinition {
    /// The tasks in the order of the definition, and then the hooks, with what has to end before each.
    public var planJSON: JSONValue {
        let hooks = Hook.allCases.compactMap { hook in
            self.hooks[hook].map { $0.planJSON(as: hook.taskID, isHook: true) }
        }
        return .array(tasks.map { $0.planJSON(as: $0.id, isHook: false) } + hooks)
    }
}

extension TaskDefinition {
    fileprivate func planJSON(as id: TaskID, isHook: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id.rawValue),
            "needs": .array(needs.map { .string($0.rawValue) }),
            "trigger": .string(trigger.rawValue),
            "when": output(when),
            "foreach": .bool(foreach != nil),
            "retries": output(retries),
            "allow_failure": .bool(allowFailure),
            "hook": .bool(isHook),
        ]
        members["cache"] = cache?.json
        return .object(members)
    }
}

extension Page {
    /// `{"<name>": […], "next_cursor": …, "total": …}`.
    public func outputJSON(_ name: String, _ element: (Element) -> JSONValue) -> JSONValue {
        [name: .array(elements.map(element)), "next_cursor": output(nextCursor?.text), "total": output(total)]
    }
}

extension Page<Summary> {
    public var outputJSON: JSONValue { outputJSON("runs", \.outputJSON) }
}
