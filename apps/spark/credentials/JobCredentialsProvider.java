package org.howdah.spark;

import com.amazonaws.AmazonServiceException;
import com.amazonaws.SdkClientException;
import com.amazonaws.auth.AWSCredentials;
import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.EC2ContainerCredentialsProviderWrapper;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The role's temporary credentials, from where AWS_CONTAINER_CREDENTIALS_FULL_URI says, as the AWS SDK
 * gets them; but while nobody answers there, because the server is being started again, it waits, where
 * the SDK gives up within milliseconds and the job fails. An answer that refuses is final. Compiled when
 * Spark is installed.
 */
public final class JobCredentialsProvider implements AWSCredentialsProvider {
  private static final Logger LOG = LoggerFactory.getLogger(JobCredentialsProvider.class);
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(250);

  private final AWSCredentialsProvider endpoint = new EC2ContainerCredentialsProviderWrapper();

  @Override
  public AWSCredentials getCredentials() {
    Instant began = Instant.now();
    for (boolean waiting = false; ; waiting = true) {
      try {
        return endpoint.getCredentials();
      } catch (SdkClientException e) {
        if (!isUnanswered(e) || Instant.now().isAfter(began.plus(PATIENCE))) {
          throw e;
        }
        if (!waiting) {
          LOG.warn("Waiting for the role's credentials: {}", e.getMessage());
        }
        pause(e);
      }
    }
  }

  @Override
  public void refresh() {
    endpoint.refresh();
  }

  private static void pause(SdkClientException because) {
    try {
      Thread.sleep(PAUSE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw because;
    }
  }

  private static boolean isUnanswered(Throwable error) {
    if (System.getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI") == null) {
      return false;
    }
    for (Throwable each = error; each != null; each = each.getCause()) {
      if (each instanceof AmazonServiceException) {
        return ((AmazonServiceException) each).getStatusCode() >= 500;
      }
      if (each instanceof IOException) {
        return true;
      }
    }
    return false;
  }
}
