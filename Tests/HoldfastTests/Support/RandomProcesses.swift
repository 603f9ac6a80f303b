import Holdfast
import HoldfastTesting

extension SeededGenerator {
    mutating func processRecord() -> ProcessRecord {
        ProcessRecord(
            id: identifier(), type: identifier(), workspace: maybe { $0.identifier() },
            parent: maybe { $0.identifier() },
            run: maybe { $0.identifier() }, status: pick(ProcessStatus.allCases), startTime: timestamp(),
            endTime: maybe { $0.timestamp() }, error: maybe { $0.text() }, fields: ProcessFields(processFields()),
            conversationTurns: list(upTo: 3) { ConversationTurn(members: $0.members()) })
    }

    mutating func processChange() -> ProcessChange {
        ProcessChange(
            status: maybe { $0.pick(ProcessStatus.allCases) }, startTime: maybe { $0.timestamp() },
            endTime: once(in: 3) ? .clear : maybe { .set($0.timestamp()) } ?? .keep,
            error: once(in: 3) ? .clear : maybe { .set($0.text()) } ?? .keep, isOwned: once(in: 2))
    }

    /// Some fields, each with a value of its shape.
    mutating func processFields() -> [ProcessField: JSONValue] {
        var fields: [ProcessField: JSONValue] = [:]
        for field in ProcessField.allCases where once(in: 2) {
            switch field {
            case .metadata, .groupMetadata: fields[field] = .object(members())
            case .structuredResult: fields[field] = json()
            default: fields[field] = .string(text())
            }
        }
        return fields
    }
}
