import Holdfast
import Logging

// A task with `cache`: its result is looked up before it is run, and kept after it succeeded.

extension TryRunner {
    /// Nil for a task without `cache`. What the task runs and its item are always part of the key.
    func cacheKey(of job: TryJob, _ values: [XComReference: JSONValue]) throws(StoreError) -> CacheKey? {
        guard let templates = job.templates.cacheKey else { return nil }
        let context = job.templateContext(values: values)
        var parts: [JSONValue] = []
        do throws(TemplateError) {
            for template in templates { parts.append(try template.value(in: context)) }
        } catch {
            throw StoreError(
                .invalid, subject: "cache key of \(job.instance)", detail: error.description, cause: error)
        }
        let action: JSONValue =
            switch job.task.action {
            case .shell(let script): ["run": .string(script)]
            case .command(let arguments): ["command": .array(arguments.map { .string($0) })]
            }
        return CacheKey([
            "dag": .string(job.dag.rawValue), "task": .string(job.task.id.rawValue), "action": action,
            "item": .array(job.item.map { [$0] } ?? []), "key": .array(parts),
        ])
    }

    /// What an earlier run of the task left; nil when there is nothing, or its artifacts have gone with their runs.
    func cached(_ key: CacheKey, for job: TryJob) async throws(StoreError) -> TryOutcome? {
        guard let response = try await cache.get(key) else { return nil }
        let result = try CachedResult(response.value, subject: "cached result \(key)")
        var outcome = TryOutcome(ending: .success)
        outcome.cachedAs = key.digest
        outcome.xcoms = result.xcoms
        outcome.artifacts = try result.artifacts(of: job)
        for artifact in outcome.artifacts {
            do throws(StoreError) {
                _ = try await store.readBlob(artifact.digest, range: 0..<0).collect()
            } catch {
                guard error.code == .notFound else { throw error }
                return nil
            }
        }
        return outcome
    }

    /// A result that can't be kept fails nobody: the next run works it out again.
    func keep(_ outcome: TryOutcome, as key: CacheKey, of job: TryJob) async {
        guard outcome.ending == .success else { return }
        do throws(StoreError) {
            try await cache.set(
                key, CachedResult(outcome, of: job).json, timeToLive: job.task.cache?.timeToLive)
        } catch {
            configuration.logger.warning(
                "the result of a task could not be put into the cache",
                metadata: ["run.id": "\(job.run)", "task.id": "\(job.instance)", "error": "\(error)"])
        }
    }

    private var cache: CacheView { Views(store, clock: configuration.clock).cache }
}

/// What a task left, apart from where: its artifacts go by their path below the folder that the task filled.
private struct CachedResult {
    struct Artifact {
        let path: String
        let mediaType: String
        let digest: Digest
        let size: Int64
    }

    let run: RunID?
    let xcoms: [String: JSONValue]
    let files: [Artifact]

    init(_ outcome: TryOutcome, of job: TryJob) {
        run = job.run
        xcoms = outcome.xcoms
        let prefix = job.artifactPrefix + "/"
        files = outcome.artifacts.map { artifact in
            Artifact(
                path: String(artifact.key.rawValue.dropFirst(prefix.count)), mediaType: artifact.mediaType,
                digest: artifact.digest, size: artifact.size)
        }
    }

    init(_ json: JSONValue, subject: String) throws(StoreError) {
        let reader = try ObjectReader(json, subject: subject)
        run = try reader.identifier("run")
        xcoms = try reader.object("xcoms") ?? [:]
        files = try reader.objects("artifacts") { reader throws(StoreError) in
            Artifact(
                path: try reader.required("path", reader.string),
                mediaType: try reader.required("media_type", reader.string),
                digest: try reader.required("digest", reader.digest), size: try reader.required("size", reader.int))
        }
    }

    /// With the run that worked it out, for people.
    var json: JSONValue {
        var members: [String: JSONValue] = ["xcoms": .object(xcoms)]
        members["run"] = run.map { .string($0.rawValue) }
        members["artifacts"] = .array(
            files.map { file in
                [
                    "path": .string(file.path), "media_type": .string(file.mediaType),
                    "digest": .string(file.digest.hexadecimal), "size": .int(file.size),
                ]
            })
        return .object(members)
    }

    func artifacts(of job: TryJob) throws(StoreError) -> [ArtifactReference] {
        var artifacts: [ArtifactReference] = []
        for file in files {
            artifacts.append(
                ArtifactReference(
                    key: try ArtifactKey("\(job.artifactPrefix)/\(file.path)"), task: job.task.id,
                    mediaType: file.mediaType, digest: file.digest, size: file.size))
        }
        return artifacts
    }
}

extension TryJob {
    /// What the keys of the instance's artifacts begin with.
    fileprivate var artifactPrefix: String {
        instance.mapIndex.map { "\(instance.task)/\($0)" } ?? instance.task.rawValue
    }
}
