import BitCollections
import Foundation
import Holdfast

/// Where a worker keeps logs and what tries write.
struct WorkerFolders {
    let logs: String
    /// Holds the folders that tries write their outputs into.
    let work: String

    init(_ configuration: EngineConfiguration) {
        logs = configuration.logFolder ?? NSTemporaryDirectory() + "holdfast-\(configuration.worker.id)/logs"
        work = (logs as NSString).deletingLastPathComponent + "/work"
    }
}

/// What a dead worker's tries left behind: processes, raw logs, folders.
struct Leftovers {
    let masker: SecretMasker
    let configuration: EngineConfiguration

    init(masker: SecretMasker, configuration: EngineConfiguration) {
        self.masker = masker
        self.configuration = configuration
    }

    /// For a run that is not gone on with: where its secrets are not known, the rest of its raw logs is dropped.
    init(of definition: DAGDefinition?, configuration: EngineConfiguration) {
        let secrets = definition?.secrets ?? []
        let known = try? SecretMasker(named: secrets, in: ProcessInfo.processInfo.environment)
        self.init(masker: known ?? .none, configuration: configuration)
    }

    /// Ends and clears away what the tries in flight left.
    /// - Precondition: the run is held by this worker.
    func end(of fold: RunFold) async throws(StoreError) {
        let folders = WorkerFolders(configuration)
        for slot in fold.running {
            let instance = fold.instances[slot]
            if let token = instance.tryToken.flatMap(TryToken.init(rawValue:)) {
                try await ProcessHunt.end(tryToken: token, gracePeriod: configuration.gracePeriod)
            }
            let log = TryLog(root: folders.logs, run: fold.id, instance: instance, try: instance.tryNumber)
            try await LogMasking.finish(folder: log.folder, with: masker)
            try TryFolder(
                root: folders.work, run: fold.id, instance: instance.id, tryNumber: instance.tryNumber
            ).remove()
        }
    }
}
