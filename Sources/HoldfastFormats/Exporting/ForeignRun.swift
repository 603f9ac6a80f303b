import Holdfast

/// A run as other systems write it.
struct ForeignRun: Sendable {
    let fold: RunFold
    let created: RunCreated
    /// With their values, by instance and key.
    let xcoms: [RunSnapshot.XCom]

    /// - Precondition: the first event was folded.
    init(_ fold: RunFold, xcoms: [RunSnapshot.XCom]) {
        guard let created = fold.created else { preconditionFailure("run \(fold.id) has no first event") }
        self.fold = fold
        self.created = created
        self.xcoms = xcoms.sorted { ($0.instance, $0.key) < ($1.instance, $1.key) }
    }

    /// All of the run's records in a format, in one document: what an export writes into files and an import compares with.
    func document(_ format: RecordFormat, _ layout: String?) -> JSONValue {
        switch format {
        case .pipelineCore: pipelineCoreDocument
        // It has no runs.
        case .processStore: .null
        case .waivern: waivernDocument
        case .awf: awfDocument(AWFSpelling(layout: layout))
        case .runHistory: runHistoryDocument
        }
    }

    func xcom(_ key: String, of instance: InstanceID) -> JSONValue? {
        xcoms.first { $0.instance == instance && $0.key == key }?.value
    }

    /// What the user's own metadata are.
    var metadata: [String: JSONValue] { fold.metadata.filter { $0.key != OriginMetadata.name } }
}

extension RecordFormat {
    /// The members of a whole document that are no part of its main record.
    var sections: Set<String> {
        switch self {
        case .pipelineCore: [PipelineCoreRun.xcomSection]
        case .processStore: [ProcessStoreRecord.workspaceSection, ProcessStoreRecord.entrySection]
        case .waivern: [WaivernRun.stateSection, WaivernRun.filesSection, WaivernRun.cacheSection]
        case .awf: [AWFState.executionSection]
        case .runHistory: [RunHistoryEvents.section]
        }
    }
}

/// A text, or null.
func json(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

/// A time, or null.
func json(_ time: Timestamp?) -> JSONValue { json(time?.description) }
