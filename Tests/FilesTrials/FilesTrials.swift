import Foundation
import HoldfastTesting

/// Long trials of the files store on simulated disks.
///
///     files-trials cuts ACTS [SEED]
///     files-trials full ACTS [SEED]
///     files-trials fuzz INPUTS [SEED [FIRST]]
@main
struct FilesTrials {
    static func main() async {
        do {
            let arguments = CommandLine.arguments.dropFirst()
            let numbers = arguments.dropFirst().compactMap { UInt64($0) }
            guard let count = numbers.first else { throw Failure(description: "say cuts, full or fuzz, and how many") }
            let seed = numbers.count > 1 ? numbers[1] : .random(in: 1...999_999)
            switch arguments.first {
            case "cuts": try await Cuts(acts: Int(count), seed: seed).run()
            case "full": try await FullDisk(acts: Int(count), seed: seed).run()
            case "fuzz":
                try await Fuzzing(first: numbers.count > 2 ? numbers[2] : 0, inputs: count, seed: seed).run()
            default: throw Failure(description: "say cuts, full or fuzz, and how many")
            }
        } catch {
            FileHandle.standardError.write(Data("files-trials: \(error)\n".utf8))
            exit(1)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static let workers = ProcessInfo.processInfo.activeProcessorCount
}
