import Holdfast

/// DAG records. Only `id` is known for certain; tasks with ids and what they depend on are read where they are there.
enum PipelineCoreDAG {
    private static let dependencyNames = ["dependencies", "dependsOn", "upstream", "upstreamTaskIds", "needs"]

    /// The graph. What its tasks do is not in the record, so that each says so and fails when it is run.
    static func definition(of json: JSONValue, at path: [JSONStep]) throws(Refusal) -> DAGDefinition {
        let fields = try Fields(json, at: path)
        let name: DAGID = ForeignID.derive(try fields.required("id", fields.name))
        var tasks: [TaskDefinition] = []
        for task in try taskFields(fields) {
            let id = task.members["id"] == nil ? "taskId" : "id"
            var needs: [TaskID] = []
            for member in dependencyNames { needs += try (task.texts(member) ?? []).map(ForeignID.derive) }
            tasks.append(
                TaskDefinition(
                    id: ForeignID.derive(try task.required(id, task.name)),
                    action: .shell("echo 'imported from pipeline-core, without what its tasks do' >&2; exit 78"),
                    needs: needs, retries: max(0, (try task.count("maxTries") ?? 1) - 1)))
        }
        let definition = DAGDefinition(name: name, tasks: tasks)
        if let flaw = definition.flaw { throw Refusal(flaw, at: path) }
        return definition
    }

    private static func taskFields(_ fields: Fields) throws(Refusal) -> [Fields] {
        // As an object, tasks are named by its members.
        guard case .object(let members)? = fields.members["tasks"] else { return try fields.objects("tasks") }
        var tasks: [Fields] = []
        for (name, json) in members.sorted(by: { $0.key < $1.key }) {
            let path = fields.path + [.member("tasks"), .member(name)]
            var task = try Fields(json, at: path).members
            if task["id"] == nil { task["id"] = .string(name) }
            tasks.append(try Fields(.object(task), at: path))
        }
        return tasks
    }

    static func json(of definition: DAGDefinition) -> JSONValue {
        [
            "id": .string(definition.name.rawValue),
            "tasks": .array(
                definition.tasks.map { task in
                    [
                        "id": .string(task.id.rawValue),
                        "dependencies": .array(task.needs.map { .string($0.rawValue) }),
                        "maxTries": .int(Int64(task.retries) + 1),
                    ]
                }),
        ]
    }
}
