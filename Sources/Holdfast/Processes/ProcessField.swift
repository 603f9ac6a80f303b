/// What is recorded of a process beside its status and its turns: what anyone may change at any time.
public enum ProcessField: String, Sendable, Hashable, CaseIterable {
    case promptPreview = "prompt_preview"
    case fullPrompt = "full_prompt"
    case result
    case resultFilePath = "result_file_path"
    case rawStdoutFilePath = "raw_stdout_file_path"
    case metadata
    case groupMetadata = "group_metadata"
    case structuredResult = "structured_result"
    case sdkSessionID = "sdk_session_id"
    case backend
    case workingDirectory = "working_directory"
    case title
    case customTitle = "custom_title"

    enum Shape { case text, object, anything }

    var shape: Shape {
        switch self {
        case .metadata, .groupMetadata: .object
        case .structuredResult: .anything
        default: .text
        }
    }

    /// Whether a listing has it: it stands in the summary, so that no history is read to list.
    public var isListed: Bool {
        switch self {
        case .fullPrompt, .result, .structuredResult: false
        default: true
        }
    }

    /// What is wrong with a value of this field; nil when nothing is. Null stands for none.
    func problem(with value: JSONValue) -> String? {
        switch (shape, value) {
        case (_, .null), (.text, .string), (.object, .object), (.anything, _): nil
        case (.text, _): "\(rawValue) is no text"
        case (.object, _): "\(rawValue) is no object"
        }
    }
}

/// The fields that a process has.
public struct ProcessFields: Sendable, Hashable {
    /// Never null: a field without a value is not there.
    public private(set) var values: [ProcessField: JSONValue]

    public init(_ values: [ProcessField: JSONValue] = [:]) { self.values = values.filter { !$0.value.isNull } }

    public subscript(_ field: ProcessField) -> JSONValue? {
        get { values[field] }
        set { values[field] = newValue.flatMap { $0.isNull ? nil : $0 } }
    }

    /// Takes changes over field by field; null removes one.
    public mutating func apply(_ changes: [ProcessField: JSONValue]) {
        for (field, value) in changes { self[field] = value }
    }

    private subscript(text field: ProcessField) -> String? {
        get { values[field]?.stringValue }
        set { self[field] = newValue.map { .string($0) } }
    }

    private subscript(object field: ProcessField) -> [String: JSONValue] {
        get { values[field]?.objectValue ?? [:] }
        set { self[field] = newValue.isEmpty ? nil : .object(newValue) }
    }
}

extension ProcessFields {
    /// The beginning of the prompt, for listings.
    public var promptPreview: String? {
        get { self[text: .promptPreview] }
        set { self[text: .promptPreview] = newValue }
    }
    public var fullPrompt: String? {
        get { self[text: .fullPrompt] }
        set { self[text: .fullPrompt] = newValue }
    }
    public var result: String? {
        get { self[text: .result] }
        set { self[text: .result] = newValue }
    }
    public var resultFilePath: String? {
        get { self[text: .resultFilePath] }
        set { self[text: .resultFilePath] = newValue }
    }
    public var rawStdoutFilePath: String? {
        get { self[text: .rawStdoutFilePath] }
        set { self[text: .rawStdoutFilePath] = newValue }
    }
    public var metadata: [String: JSONValue] {
        get { self[object: .metadata] }
        set { self[object: .metadata] = newValue }
    }
    public var groupMetadata: [String: JSONValue] {
        get { self[object: .groupMetadata] }
        set { self[object: .groupMetadata] = newValue }
    }
    public var structuredResult: JSONValue? {
        get { self[.structuredResult] }
        set { self[.structuredResult] = newValue }
    }
    public var sdkSessionID: String? {
        get { self[text: .sdkSessionID] }
        set { self[text: .sdkSessionID] = newValue }
    }
    public var backend: String? {
        get { self[text: .backend] }
        set { self[text: .backend] = newValue }
    }
    public var workingDirectory: String? {
        get { self[text: .workingDirectory] }
        set { self[text: .workingDirectory] = newValue }
    }
    public var title: String? {
        get { self[text: .title] }
        set { self[text: .title] = newValue }
    }
    public var customTitle: String? {
        get { self[text: .customTitle] }
        set { self[text: .customTitle] = newValue }
    }
}

extension ProcessFields {
    /// What a listing has of them, as the summary keeps it.
    var listed: [String: JSONValue] { Self.listed(values) }

    /// The part of some changes that a listing has.
    static func listed(_ changes: [ProcessField: JSONValue]) -> [String: JSONValue] {
        json(changes.filter { $0.key.isListed })
    }

    /// From what a summary keeps; other members are ignored.
    init(listed: [String: JSONValue]) {
        self.init(
            Dictionary(
                listed.compactMap { name, value in ProcessField(rawValue: name).map { ($0, value) } },
                uniquingKeysWith: { $1 }))
    }

    static func json(_ values: [ProcessField: JSONValue]) -> [String: JSONValue] {
        Dictionary(values.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// What is wrong with some changes; nil when nothing is.
    static func problem(in changes: [ProcessField: JSONValue]) -> String? {
        changes.sorted { $0.key.rawValue < $1.key.rawValue }.lazy.compactMap { $0.key.problem(with: $0.value) }.first
    }
}
