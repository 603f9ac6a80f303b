/// Reads a schema's document: first where schemas stand and what they are called, then their keywords.
struct SchemaCompiler {
    private static let maximumProblems = 100

    let document: JSONValue
    private(set) var nodes: [SchemaNode] = []
    private(set) var resources: [SchemaResource] = []
    private(set) var problems: [SchemaProblem] = []
    var tracksEvaluated = false
    /// The content of each node.
    private var contents: [JSONValue] = []
    private var indices: [String: Int] = [:]
    /// Resources by their absolute identity.
    private(set) var resourceIndices: [String: Int] = [:]
    /// Patterns are read once each; nil for those that were refused.
    var patterns: [String: Pattern?] = [:]

    init(_ document: JSONValue) { self.document = document }

    mutating func compile() {
        guard document.problem == nil, document.encoded().count <= JSONSchema.maximumSize else {
            let limit = "\(JSONSchema.maximumSize / 1024) KiB"
            return refuse("", document.problem ?? "the document is larger than \(limit)")
        }
        resources = [SchemaResource(base: "", pointer: "")]
        resourceIndices[""] = 0
        scan(document, at: JSONPointer(), resource: 0)
        var next = 0
        // A reference may lead to a place where nobody expected a schema; such places are added as they come up.
        while next < nodes.count, problems.count < Self.maximumProblems {
            readKeywords(of: next)
            next += 1
        }
        if problems.isEmpty { refuseCircles() }
    }

    mutating func refuse(_ pointer: String, _ message: String) {
        guard problems.count < Self.maximumProblems else { return }
        problems.append(SchemaProblem(pointer: pointer, message: message))
    }

    // MARK: - Finding schemas

    /// The index of the schema at a place, which is read as one if it was not known as one.
    mutating func node(at text: String, resource: Int) -> Int? {
        if let index = indices[text] { return index }
        guard let (value, pointer) = document.part(at: text) else { return nil }
        if let index = indices[pointer.text] { return index }
        scan(value, at: pointer, resource: resource)
        return indices[pointer.text]
    }

    func index(of pointer: String) -> Int? { indices[pointer] }

    private mutating func scan(_ value: JSONValue, at pointer: JSONPointer, resource: Int) {
        let text = pointer.text
        guard indices[text] == nil else { return }
        guard nodes.count < JSONSchema.maximumCount else {
            if problems.isEmpty { refuse(text, "there are more than \(JSONSchema.maximumCount) schemas") }
            return
        }
        switch value {
        case .bool(let always): add(SchemaNode(pointer: text, resource: resource, isAlways: always), value)
        case .object(let members):
            let resource = identify(members, at: text, resource: resource)
            let index = add(SchemaNode(pointer: text, resource: resource), value)
            name(index, members, at: text)
            for place in SchemaPlaces.all { scan(place, in: members, at: pointer, resource: resource) }
        default: refuse(text, "a schema is an object, true or false, not \(value.jsonType.phrase)")
        }
    }

    private mutating func scan(
        _ place: SchemaPlaces, in members: [String: JSONValue], at pointer: JSONPointer, resource: Int
    ) {
        guard let content = members[place.keyword] else { return }
        var pointer = pointer
        pointer.tokens.append(.name(place.keyword))
        let parts: [(JSONPointer.Token, JSONValue)]
        switch (place.shape, content) {
        case (.schema, _): return scan(content, at: pointer, resource: resource)
        case (.list, .array(let elements)):
            if elements.isEmpty { refuse(pointer.text, "it needs at least one schema") }
            parts = elements.enumerated().map { (.index($0.offset), $0.element) }
        case (.map, .object(let members)):
            parts = members.sorted { $0.key < $1.key }.map { (.name($0.key), $0.value) }
        case (.list, _): return refuse(pointer.text, "it must be an array of schemas, not \(content.jsonType.phrase)")
        case (.map, _): return refuse(pointer.text, "it must be an object of schemas, not \(content.jsonType.phrase)")
        }
        for (token, part) in parts {
            var inner = pointer
            inner.tokens.append(token)
            scan(part, at: inner, resource: resource)
        }
    }

    @discardableResult
    private mutating func add(_ node: SchemaNode, _ content: JSONValue) -> Int {
        indices[node.pointer] = nodes.count
        nodes.append(node)
        contents.append(content)
        return nodes.count - 1
    }

    // MARK: - Names

    /// The resource that a schema's members belong to: a new one when it has an `$id`.
    private mutating func identify(_ members: [String: JSONValue], at pointer: String, resource: Int) -> Int {
        guard let id = members["$id"] else { return resource }
        guard let text = id.stringValue, URIReference(text).fragment?.isEmpty ?? true else {
            refuse(pointer + "/$id", "it must be a URI without a fragment")
            return resource
        }
        let base = URIReference(text).resolved(against: URIReference(resources[resource].base)).resource
        if pointer.isEmpty {
            resources[0] = SchemaResource(base: base, pointer: "")
            resourceIndices[base] = 0
            return 0
        }
        guard resourceIndices[base] == nil else {
            refuse(pointer + "/$id", "another schema has the same identity")
            return resource
        }
        resources.append(SchemaResource(base: base, pointer: pointer))
        resourceIndices[base] = resources.count - 1
        return resources.count - 1
    }

    private mutating func name(_ index: Int, _ members: [String: JSONValue], at pointer: String) {
        let resource = nodes[index].resource
        for keyword in ["$anchor", "$dynamicAnchor"] {
            guard let value = members[keyword] else { continue }
            guard let name = value.stringValue, Self.isAnchor(name) else {
                refuse("\(pointer)/\(keyword)", "it must be a name: a letter or _, then letters, digits, - . _")
                continue
            }
            if resources[resource].anchors.updateValue(index, forKey: name) != nil {
                refuse("\(pointer)/\(keyword)", "another schema here has the anchor \(quoted(name))")
            }
            if keyword == "$dynamicAnchor" { resources[resource].dynamicAnchors[name] = index }
        }
    }

    private static func isAnchor(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, first == "_" || first.isASCII && first.properties.isAlphabetic
        else { return false }
        return text.unicodeScalars.allSatisfy { ScalarSet.wordCharacters.contains($0.value) || $0 == "-" || $0 == "." }
    }

    // MARK: - Keywords

    private mutating func readKeywords(of index: Int) {
        guard case .object(let members) = contents[index] else { return }
        let place = SchemaPlace(
            members: members, pointer: nodes[index].pointer, resource: nodes[index].resource)
        let keywords = keywords(of: place)
        nodes[index].keywords = keywords.map { (place.pointer(to: $0.name), $0.keyword) }
    }

    // MARK: - Circles

    /// Schemas that apply to the same value without end.
    private mutating func refuseCircles() {
        var finished = [Bool](repeating: false, count: nodes.count)
        for start in nodes.indices where !finished[start] {
            var way: [(node: Int, rest: ArraySlice<Int>)] = [(start, nodes[start].inPlace[...])]
            var onWay: Set<Int> = [start]
            while let (node, rest) = way.last {
                guard let next = rest.first else {
                    way.removeLast()
                    onWay.remove(node)
                    finished[node] = true
                    continue
                }
                way[way.count - 1].rest = rest.dropFirst()
                if onWay.contains(next) {
                    return refuse(nodes[next].pointer, "it refers to itself without going into a part of the value")
                }
                guard !finished[next] else { continue }
                onWay.insert(next)
                way.append((next, nodes[next].inPlace[...]))
            }
        }
    }
}

extension SchemaNode {
    fileprivate var inPlace: [Int] { keywords.flatMap(\.keyword.inPlace) }
}

/// Where a schema holds schemas.
struct SchemaPlaces {
    enum Shape { case schema, list, map }

    let keyword: String
    let shape: Shape

    /// `definitions` is what `$defs` was called; it judges nothing, as `contentSchema` does.
    static let all: [SchemaPlaces] =
        ["$defs", "definitions", "properties", "patternProperties", "dependentSchemas"].map {
            .init(keyword: $0, shape: .map)
        }
        + ["allOf", "anyOf", "oneOf", "prefixItems"].map { .init(keyword: $0, shape: .list) }
        + [
            "additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else",
            "unevaluatedProperties", "unevaluatedItems", "contentSchema",
        ].map { .init(keyword: $0, shape: .schema) }
}

extension JSONType {
    var phrase: String {
        switch self {
        case .null: "null"
        case .integer: "an integer"
        case .array: "an array"
        case .object: "an object"
        case .boolean, .number, .string: "a \(rawValue)"
        }
    }
}
