import Holdfast
import HoldfastTesting
import Testing

@Suite("Event codec")
struct EventCodecTests {
    @Test("every kind of payload is read back as it was written", arguments: EventKind.allCases, [1, 2] as [UInt64])
    func roundTrip(_ kind: EventKind, _ seed: UInt64) throws {
        print("event round trip of \(kind), seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let payload = generator.payload(kind)
            #expect(kind.types.contains(payload.type))
            let bytes = EventCodec.encode(payload)
            #expect(try EventCodec.decode(bytes) == payload)
            #expect(payload.json["type"] == .string(payload.type))
            #expect(String(decoding: bytes, as: UTF8.self).hasPrefix(#"{"type":""# + payload.type + "\""))
        }
    }

    @Test("the samples cover every kind")
    func kinds() {
        var generator = SeededGenerator(seed: 1)
        let types = Set(EventKind.allCases.flatMap(\.types))
        #expect(types.count == 30)
        for kind in EventKind.allCases where kind != .spilled {
            #expect(generator.payload(kind).isRequest == kind.isRequest)
            #expect(generator.payload(kind).isFirst == kind.isFirst)
        }
        let real = EventKind.allCases.filter { $0 != .spilled }
        #expect(Set(real.filter(\.isFirst).flatMap(\.types)) == EventPayload.firstTypes)
        #expect(Set(real.filter(\.isRequest).flatMap(\.types)) == EventPayload.requestTypes)
    }

    @Test("a value as deep as a value may be survives being wrapped")
    func deepValues() throws {
        let deepest = (0..<JSONValue.maximumDepth).reduce(1) { value, _ in [value] } as JSONValue
        let task = TaskDefinition(id: TaskID(unchecked: "a"), action: .shell(""), foreach: .items([deepest]))
        let definition = DAGDefinition(name: DAGID(unchecked: "d"), params: ["p": deepest], tasks: [task])
        let created = RunCreated(dag: definition.name, definition: definition, logicalDate: Timestamp(milliseconds: 0))
        for payload: EventPayload in [
            .restored(RunSnapshot(origin: .copied, created: created, items: [task.id: [deepest]])),
            .taskFinished(
                TaskFinished(instance: InstanceID(task.id), tryNumber: 1, state: .success, xcoms: ["x": deepest])),
        ] {
            #expect(try EventCodec.decode(EventCodec.encode(payload)) == payload)
            #expect(payload.json["type"] == .string(payload.type))
            try payload.checkValues()
        }
    }

    @Test("an unknown type is of a newer format")
    func unknownType() {
        let error = #expect(throws: StoreError.self) { try EventCodec.decode(Array(#"{"type":"task_dreamt"}"#.utf8)) }
        #expect(error?.code == .newerFormat)
        #expect(error?.subject == #"event of type "task_dreamt""#)
    }

    @Test("unknown members are ignored, at any depth", arguments: EventKind.allCases)
    func unknownMembers(_ kind: EventKind) throws {
        var generator = SeededGenerator(seed: 4)
        for _ in 0..<10 {
            let payload = generator.payload(kind)
            guard case .object(var members) = payload.json else { return }
            members["an_unknown"] = ["x": [1]]
            for nested in ["created", "spilled", "definition"] {
                guard case .object(var inner)? = members[nested] else { continue }
                inner["an_unknown"] = 1
                members[nested] = .object(inner)
            }
            #expect(try EventCodec.decode(JSONValue.object(members).encoded()) == payload)
        }
    }

    @Test("absent and null members are the same", arguments: EventKind.allCases)
    func nullMembers(_ kind: EventKind) throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<10 {
            let payload = generator.payload(kind)
            guard case .object(var members) = payload.json else { return }
            for name in EventKind.memberNames where members[name] == nil { members[name] = .null }
            #expect(try EventCodec.decode(JSONValue.object(members).encoded()) == payload)
        }
    }

    /// Members that may hold any JSON.
    private static let free: Set<String> = ["value"]

    @Test("a member of the wrong type is corrupt, and named", arguments: EventKind.allCases)
    func mistypedMembers(_ kind: EventKind) {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            guard case .object(let members) = generator.payload(kind).json else { return }
            for (name, value) in members where !Self.free.contains(name) {
                for wrong: JSONValue in [[[5]], 2.5, .string(""), true] where !wrong.hasKind(of: value) {
                    if name == "reason", wrong == "" { continue }
                    var changed = members
                    changed[name] = wrong
                    let error = #expect(throws: StoreError.self, "\(name): \(wrong)") {
                        try EventCodec.decode(JSONValue.object(changed).encoded())
                    }
                    #expect(error?.code == .corrupt)
                    #expect(error?.description.contains(name) == true, "\(String(describing: error))")
                }
            }
        }
    }

    @Test(
        "damage inside is corrupt, and named",
        arguments: [
            ("", "unexpected end"), ("[]", "no object"), (#"{"task":"a"}"#, "type is missing"),
            (#"{"type":5}"#, "type"),
            (#"{"type":"started""#, "unexpected end"), (#"{"type":"finished","state":"odd"}"#, "state"),
            (#"{"type":"task_started","task":"../a","try":1,"try_token":"x"}"#, "task"),
            (#"{"type":"task_started","task":"a","try":1.5,"try_token":"x"}"#, "try"),
            (#"{"type":"task_started","task":"a","try_token":"x"}"#, "try is missing"),
            (#"{"type":"task_finished","task":"a","try":1,"state":"success","artifacts":[5]}"#, "artifacts"),
            (#"{"type":"artifact_saved","key":"a","size":1,"digest":"abc"}"#, "digest"),
            (#"{"type":"artifact_saved","key":"a//b","size":1,"digest":"abc"}"#, "key"),
            (#"{"type":"resumed","in_flight":[{"task":"a","map_index":"1"}]}"#, "map_index"),
            (#"{"type":"resumed","in_flight":[{"task":"a"},3]}"#, "in_flight"),
            (#"{"type":"imported","state":"success"}"#, "created is missing"),
            (#"{"type":"imported","state":"success","created":{"dag":"d","logical_date":0},"items":{"a":1}}"#, "items"),
            (
                #"{"type":"imported","state":"success","created":{"dag":"d","logical_date":0},"items":{"..":[]}}"#,
                "items"
            ),
            (#"{"type":"created","dag":"d","logical_date":0,"definition":{"name":"d"}}"#, "tasks is missing"),
            (
                #"{"type":"created","dag":"d","logical_date":0,"definition":{"name":"d","tasks":[{"id":"a"}]}}"#,
                "command is missing"
            ),
            (
                #"{"type":"created","dag":"d","logical_date":0,"definition":{"name":"d","tasks":[{"id":"a","run":"","needs":["/"]}]}}"#,
                "needs"
            ),
            (
                #"{"type":"created","dag":"d","logical_date":0,"definition":{"name":"d","tasks":[{"id":"a","run":"","foreach":5}]}}"#,
                "foreach"
            ),
            (
                #"{"type":"created","dag":"d","logical_date":0,"definition":{"name":"d","tasks":[],"hooks":{"on_noon":{}}}}"#,
                "on_noon"
            ),
            (#"{"type":"created","dag":"d","logical_date":0,"labels":{"a":1}}"#, "labels"),
            (#"{"type":"step","spilled":{"digest":"x","size":1}}"#, "digest"),
            (#"{"type":"step","spilled":{"size":1}}"#, "digest is missing"),
        ])
    func damage(_ text: String, _ named: String) {
        let error = #expect(throws: StoreError.self) { try EventCodec.decode(Array(text.utf8)) }
        #expect(error?.code == .corrupt)
        #expect(error?.description.contains(named) == true, "\(String(describing: error))")
    }

    @Test("names the blobs and the XCom task of every kind", arguments: EventKind.allCases)
    func blobsAndTasks(_ kind: EventKind) {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<20 {
            let payload = generator.payload(kind)
            switch payload {
            case .taskFinished(let finished):
                #expect(payload.blobs == finished.artifacts.map(\.digest))
                #expect(payload.xcomTask == (finished.xcoms.isEmpty ? nil : finished.instance.task))
            case .restored(let snapshot):
                #expect(payload.blobs == snapshot.artifacts.map(\.digest))
                #expect(payload.xcomTask == nil)
            case .artifactSaved(let artifact): #expect(payload.blobs == [artifact.digest] && payload.xcomTask == nil)
            case .stepCompleted(let step): #expect(payload.blobs.isEmpty && payload.xcomTask == step.task)
            case .xcomSet(let instance, _, _), .xcomDeleted(let instance, _):
                #expect(payload.blobs.isEmpty && payload.xcomTask == instance.task)
            case .spilled(let spilled):
                #expect(payload.blobs == [spilled.digest] + spilled.blobs && payload.xcomTask == spilled.xcomTask)
            default: #expect(payload.blobs.isEmpty && payload.xcomTask == nil)
            }
        }
    }

    @Test("a definition's version follows its content alone")
    func versions() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<20 {
            let definition = generator.definition()
            let again = try DAGDefinition(json: try JSONValue(parsing: definition.json.prettyText))
            #expect(again == definition && again.version == definition.version)
            var changed = definition
            changed.env["ANOTHER"] = "1"
            #expect(changed.version != definition.version)
        }
    }
}

extension JSONValue {
    /// Whether a reader of the other value could read this one as well.
    fileprivate func hasKind(of other: JSONValue) -> Bool {
        switch (self, other) {
        case (.array, .array), (.object, .object), (.bool, .bool), (.string, .string), (.null, _): true
        case (.double, .double), (.int, .int), (.int, .double): true
        default: false
        }
    }
}
