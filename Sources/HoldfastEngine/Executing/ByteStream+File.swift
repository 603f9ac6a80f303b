import Foundation
import Holdfast

extension ByteStream {
    static let pieceSize = 256 * 1024

    /// The bytes of a file, in pieces. What can't be opened or read ends the stream with its error.
    init(fileAt path: String) {
        self.init {
            var handle: FileHandle?
            return {
                let open = try handle ?? FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                handle = open
                guard let piece = try open.read(upToCount: Self.pieceSize), !piece.isEmpty else {
                    try open.close()
                    return nil
                }
                return [UInt8](piece)
            }
        }
    }
}
